import { assertEquals } from "@std/assert";
import { drill, test } from "../support/drill.ts";
import { bytes, readIp, tcp } from "../support/packet.ts";

test("1 TCP answers a SYN only after it was accepted, with what the SYN offered [RFC 9293 §3.5, RFC 7323 §2.2]", () => {
  const d = drill("LISTEN").in({
    flags: "S",
    mss: 1380,
    scale: 9,
    sackPermitted: true,
    timestamps: [111, 0],
  }).silent();

  d.accept().out({
    flags: "SA",
    seq: 0,
    ack: 1,
    mss: 1380,
    scale: 7,
    sackPermitted: true,
    window: 65_535,
  }).silent();
});

test("1 TCP echoes TSval of the SYN in its SYN-ACK [RFC 7323 §3.2]", () => {
  const d = drill("LISTEN").in({ flags: "S", timestamps: [111, 0] }).accept();

  assertEquals(d.next().timestamps?.[1], 111);
});

Deno.test("1 TCP offers an MSS of the MTU less both headers, in IPv6 too [RFC 6691 §2]", () => {
  drill("LISTEN", { mtu: 1500 }).in({ flags: "S" }).accept().out({
    mss: 1460,
  });
  drill("LISTEN", { mtu: 1500, ipv6: true }).in({ flags: "S" }).accept()
    .out({ mss: 1440 });
});

Deno.test("2 TCP without options in the SYN sends none but MSS, and segments of 536 octets [RFC 9293 §3.7.1]", () => {
  const d = drill("LISTEN").in({ flags: "S" }).accept();

  assertEquals(Object.keys(d.next()).sort(), [
    "ack",
    "flags",
    "mss",
    "seq",
    "text",
    "window",
  ]);
  d.in({ seq: 1, ack: 1 });
  d.write(1000).out({ text: 536 }).out({ text: 464 }).silent();
});

test("2 TCP takes the default MSS of IPv6 to be 1220 [RFC 9293 §3.7.1]", () => {
  const d = drill("LISTEN", { ipv6: true }).in({ flags: "S" }).accept();
  d.out().in({ seq: 1, ack: 1 }).write(1300).out({ text: 1220 });
});

test("3 TCP takes a window scale above 14 as 14 [RFC 7323 §2.3]", () => {
  const d = drill("ESTABLISHED", { syn: { scale: 15, mss: 1380 } });
  d.in({ seq: 1, ack: 1, window: 1 });

  d.write(20_000);

  let octets = 0;
  while (d.emitted.length > 0) octets += String(d.next().text).length;
  assertEquals(octets, 16_384 - 16_384 % 1380);
});

Deno.test("4 TCP never sends segments below 64 octets of MSS [CVE-2019-11479]", () => {
  for (
    const [mss, text] of [[0, 536], [1, 64], [40, 64], [65, 65]] as const
  ) {
    drill("ESTABLISHED", { syn: { mss } }).write(1000).out({ text });
  }
});

test("5 TCP takes a SYN with ECN's flags for a SYN [RFC 3168 §6.1.1]", () => {
  drill("LISTEN").in({ flags: "SEC" }).accept().out({ flags: "SA" });
});

test("7, 8 TCP drops a SYN with FIN, a null segment, and SYNs that no host sends [RFC 9293 §3.10.7]", () => {
  const d = drill("LISTEN").in({ flags: "SF" }).in({ flags: "" }).silent();
  assertEquals(d.drops("tcp.flags"), 2);
  assertEquals(d.syns, []);
});

test("9 TCP ignores a repeated SYN as long as nobody has answered the first", () => {
  const d = drill("LISTEN").in({ flags: "S" }).in({ flags: "S" }).silent();
  assertEquals(d.syns.length, 1);

  d.accept().out({ flags: "SA" }).silent();
});

test("10 TCP answers a rejected SYN with RST | ACK [RFC 9293 §3.5.2]", () => {
  const d = drill("LISTEN").in({ flags: "S" });

  d.syns[0]?.reject("refused");

  d.poll().out({ flags: "RA", ack: 1 }).silent();
});

test("11 TCP answers an unreachable or prohibited target with ICMP that quotes the SYN [RFC 1122 §3.2.2.1]", () => {
  const rows = [
    [false, "unreachable", [3, 1]],
    [false, "prohibited", [3, 13]],
    [true, "unreachable", [1, 3]],
    [true, "prohibited", [1, 1]],
  ] as const;
  for (const [ipv6, refusal, typeAndCode] of rows) {
    const d = drill("LISTEN", { ipv6 }).in({ flags: "S" });

    d.syns[0]?.reject(refusal);

    const [packet] = d.poll().emitted;
    if (packet === undefined) throw new Error("nothing sent");
    const { payload, protocol } = readIp(packet);
    assertEquals(protocol, ipv6 ? 58 : 1);
    assertEquals([...payload.subarray(0, 2)], [...typeAndCode]);
    const quoted = payload.subarray(8 + (ipv6 ? 40 : 20));
    const [sourcePort, destinationPort] = [40_000, 80];
    const data = new DataView(quoted.slice().buffer);
    assertEquals(data.getUint16(0), sourcePort);
    assertEquals(data.getUint16(2), destinationPort);
    assertEquals(data.getUint32(4), 5000);
    assertEquals(data.getUint8(13), 0x02);
  }
});

test("11 TCP says nothing at all when told to be silent, and asks again when the SYN comes again", () => {
  const d = drill("LISTEN").in({ flags: "S" });

  d.syns.pop()?.reject("silent");

  d.poll().silent().in({ flags: "S" }).silent();
  assertEquals(d.syns.length, 1);
});

test("12 TCP forgets a pending SYN whose sender resets it; a late verdict sends nothing", () => {
  const d = drill("LISTEN").in({ flags: "S" });
  let cancelled = 0;
  const syn = d.syns[0];
  if (syn) syn.onCancelled = () => cancelled++;

  d.in({ flags: "R", seq: 1 }).silent();

  assertEquals(cancelled, 1);
  syn?.reject("refused");
  d.poll().silent();
});

test("16 TCP takes a SYN with another sequence number for a new one while the first is pending [RFC 9293 §3.10.7.4]", () => {
  const d = drill("LISTEN").in({ flags: "S" });
  let cancelled = 0;
  const [first] = d.syns;
  if (first) first.onCancelled = () => cancelled++;

  d.in({ flags: "S", seq: 100 });

  assertEquals([cancelled, d.syns.length], [1, 2]);
  d.syns.shift();
  d.accept().out({ flags: "SA", ack: 101 });
});

test("14 TCP sends the SYN-ACK again after 1, 2, 4, 8 s and gives up after 30 s [RFC 6298 §2, §5.5]", () => {
  const d = drill("SYN-RECEIVED");
  for (const wait of [1000, 2000, 4000, 8000]) {
    d.advance(wait - 1).silent().advance(1).out({ flags: "SA", seq: 0 });
  }
  d.advance(16_000);
  assertEquals(d.events, ["closed timeout"]);
  d.emitted.length = 0;

  d.in({ seq: 1, ack: 1 }).out({ flags: "R", seq: 1 });
});

test("15 TCP in SYN-RECEIVED answers the same SYN with the same SYN-ACK", () => {
  drill("SYN-RECEIVED").in({ flags: "S", mss: 1380 })
    .out({ flags: "SA", seq: 0, ack: 1 }).silent();
});

test("16 TCP in SYN-RECEIVED starts anew when another SYN comes [RFC 9293 §3.10.7.4]", () => {
  const d = drill("SYN-RECEIVED").in({ flags: "S", seq: 77 }).silent();
  assertEquals(d.events.splice(0), ["closed reset"]);

  d.accept().out({ flags: "SA", ack: 78 }).in({ seq: 78, ack: 1 });

  assertEquals(d.events, ["established"]);
});

test("17 TCP in SYN-RECEIVED answers an unacceptable ACK with RST and stays [RFC 9293 §3.10.7.4]", () => {
  const d = drill("SYN-RECEIVED");

  d.in({ seq: 1, ack: 0 }).out({ flags: "R", seq: 0 });
  d.in({ seq: 1, ack: 2 }).out({ flags: "R", seq: 2 });
  d.in({ seq: 1, ack: 1 }).silent();

  assertEquals(d.events, ["established"]);
});

test("18 TCP in SYN-RECEIVED is ended by RST without a word [RFC 9293 §3.10.7.4]", () => {
  const d = drill("SYN-RECEIVED").in({ flags: "R", seq: 1 }).silent();

  assertEquals(d.events, ["closed reset"]);
});

test("19 TCP takes octets and FIN that come with the ACK of its SYN-ACK [RFC 9293 §3.10.7.4]", () => {
  const d = drill("SYN-RECEIVED").in({
    flags: "FPA",
    seq: 1,
    ack: 1,
    text: "hello",
  });

  d.out({ flags: "A", ack: 7 }).silent();
  assertEquals(d.read(), "hello");
  assertEquals(d.socket.state(), "CLOSE-WAIT");
});

test("20 TCP takes octets when the ACK of its SYN-ACK was lost", () => {
  const d = drill("SYN-RECEIVED").in({
    flags: "PA",
    seq: 1,
    ack: 1,
    text: "a",
  });

  assertEquals(d.read(), "a");
});

test("21 TCP acknowledges only the SYN when octets came with it [RFC 7413 §4.1]", () => {
  const d = drill("LISTEN").in({ flags: "S", text: "early" }).accept();

  d.out({ flags: "SA", ack: 1 });
  d.in({ seq: 1, ack: 1, text: "early" });
  assertEquals(d.read(), "early");
});

test("24, 25 TCP answers what belongs to no connection with RST, and a RST with nothing [RFC 9293 §3.5.2]", () => {
  const d = drill("LISTEN");
  d.in({ flags: "A", seq: 9, ack: 77 }).out({ flags: "R", seq: 77 });
  d.in({ flags: "PA", seq: 9, ack: 77, text: "x" }).out({
    flags: "R",
    seq: 77,
  });
  d.in({ flags: "SA", seq: 9, ack: 77 }).out({ flags: "R", seq: 77 });
  d.in({ flags: "F", seq: 9 }).out({ flags: "RA", seq: 0, ack: 10 });
  d.in({ flags: "R", seq: 9 }).in({ flags: "RA", seq: 9, ack: 1 }).silent();
});

test("22 TCP works again for a tuple after SYN, SYN-ACK, RST", () => {
  const d = drill("SYN-RECEIVED").in({ flags: "R", seq: 1 });

  d.in({ flags: "S", seq: 500 }).accept().out({ flags: "SA", ack: 501 });
});

test("TCP opens actively with SYN and answers the SYN-ACK [RFC 9293 §3.5]", () => {
  const d = drill("SYN-SENT").in({ flags: "SA", ack: 1, mss: 1000 });

  d.out({ flags: "A", seq: 1, ack: 1 }).silent();
  assertEquals(d.events, ["established"]);
  d.write(1500).out({ text: 1000 }).out({ text: 500 });
});

test("TCP in SYN-SENT answers an unacceptable ACK with RST [RFC 9293 §3.10.7.3]", () => {
  drill("SYN-SENT").in({ flags: "A", ack: 100 }).out({ flags: "R", seq: 100 })
    .silent();
});

test("TCP in SYN-SENT believes RST only with an acceptable ACK [RFC 9293 §3.10.7.3]", () => {
  const d = drill("SYN-SENT").in({ flags: "R" }).silent();
  assertEquals(d.events, []);

  d.in({ flags: "RA", ack: 1 });

  assertEquals(d.events, ["closed reset"]);
});

test("TCP opens simultaneously [RFC 9293 §3.5, figure 7]", () => {
  const d = drill("SYN-SENT").in({ flags: "S", mss: 1380 });

  d.out({ flags: "SA", seq: 0, ack: 1 }).in({ flags: "SA", ack: 1 });

  assertEquals(d.socket.state(), "SYN-RECEIVED");
  d.in({ seq: 1, ack: 1 });
  assertEquals(d.events, ["established"]);
});

test("TCP in SYN-SENT sends its SYN again after 1, 2, 4 s [RFC 6298 §2]", () => {
  const d = drill("SYN-SENT");
  for (const wait of [1000, 2000, 4000]) {
    d.advance(wait - 1).silent().advance(1).out({ flags: "S", seq: 0 });
  }
});

Deno.test("TCP chooses another initial sequence number for every tuple and time [RFC 6528 §3]", () => {
  const a = drill("LISTEN").in({ flags: "S" });
  const first = a.syns[0]?.accept().snd.iss;
  const b = drill("LISTEN");
  b.now += 1000;
  const later = b.in({ flags: "S" }).syns[0]?.accept().snd.iss;
  const other = drill("LISTEN", { ipv6: true }).in({ flags: "S" }).syns[0]
    ?.accept().snd.iss;

  // The clock of 4 µs makes 250 000 steps in a second.
  assertEquals(((later ?? 0) - (first ?? 0)) | 0, 250_000);
  assertEquals(first === other, false);
});

test("18 TCP in SYN-RECEIVED is ended by any RST in its window, and by none outside [RFC 9293 §3.10.7.4]", () => {
  drill("SYN-RECEIVED").in({ flags: "R", seq: 0 }).silent()
    .in({ flags: "R", seq: 70_000 }).silent()
    .in({ seq: 1, ack: 1 }).silent();
  const d = drill("SYN-RECEIVED").in({ flags: "R", seq: 2 }).silent();
  assertEquals(d.events, ["closed reset"]);
});

test("7 TCP drops whatever comes from its own address and port or with a port of 0, and counts it [RFC 9293 §3.10.7]", () => {
  const d = drill("LISTEN");
  const segment = (src: string, port: number, flags: string) =>
    tcp({
      src,
      dst: d.server,
      sourcePort: port,
      destinationPort: 80,
      seq: 1,
      ack: 1,
      flags,
      window: 1000,
      options: bytes(),
      payload: bytes(),
    });
  for (const flags of ["S", "A", "SA", "FA"]) {
    d.inRaw(segment(d.server, 80, flags)).inRaw(segment(d.client, 0, flags));
  }
  assertEquals([d.silent().drops("tcp.land"), d.syns.length], [8, 0]);
});

test("6 TCP takes a SYN with options that are unknown, repeated or of a wrong length [RFC 9293 §3.2]", () => {
  const rows = [
    [],
    [1, 1, 1, 0],
    [2, 3, 9, 1],
    [30, 8, 1, 2, 3, 4, 5, 6],
    [34, 2, 1, 1],
    [2, 4, 5, 100, 2, 4, 5, 100],
    [3, 4, 1, 1, 8, 4, 1, 1],
    [2, 9, 0, 0],
    [1, 2, 1, 0],
    [1, 1, 1, 8],
  ];
  for (const options of rows) {
    const d = drill("LISTEN");
    d.inRaw(tcp({
      src: d.client,
      dst: d.server,
      sourcePort: 40_000,
      destinationPort: 80,
      seq: 5000,
      ack: 0,
      flags: "S",
      window: 1000,
      options: bytes(options),
      payload: bytes(),
    }));
    d.accept().out({ flags: "SA", ack: 1 }).silent();
    d.in({ seq: 1, ack: 1, text: "abc" }).out({ flags: "A", ack: 4 });
  }
});
