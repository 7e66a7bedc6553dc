import { assertEquals } from "@std/assert";
import { type Drill, drill } from "../support/drill.ts";
import {
  bytes,
  icmp,
  internetChecksum,
  ip,
  readIp,
  tcp,
  u16,
  u32,
  udp,
  udpOctets,
} from "../support/packet.ts";

const SRC = "10.0.0.2";
const DST = "192.0.2.1";

function datagram(payload: Uint8Array): Parameters<typeof udp>[0] {
  return { src: SRC, dst: DST, sourcePort: 5000, destinationPort: 53, payload };
}

/** What the sessions have received, in hexadecimal. */
function received(d: Drill): string[] {
  const all: string[] = [];
  for (const session of d.sessions) {
    session.accept((payload) => all.push(hex(payload)));
  }
  return all;
}

function hex(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join(
    "",
  );
}

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

/** IPv4 fragments of `octets`, one per pair of offsets. */
function fragments(
  octets: Uint8Array,
  cuts: readonly (readonly [number, number])[],
  identification = 7,
): Uint8Array[] {
  return cuts.map(([from, to]) =>
    ip(
      { src: SRC, dst: DST, protocol: 17, payload: octets.subarray(from, to) },
      {
        identification,
        fragment: (from / 8) | (to < octets.length ? 0x2000 : 0),
      },
    )
  );
}

/** An IPv6 fragment of a UDP datagram. */
function fragment6(
  octets: Uint8Array,
  from: number,
  to: number,
  identification = 9,
): Uint8Array {
  const more = to < octets.length ? 1 : 0;
  const header = [17, 0, ...u16(from | more), ...u32(identification)];
  return ip({
    src: "fd00::2",
    dst: "2001:db8::1",
    protocol: 44,
    payload: bytes(header, octets.subarray(from, to)),
  });
}

const datagram6 = (payload: Uint8Array) =>
  udpOctets({
    src: "fd00::2",
    dst: "2001:db8::1",
    sourcePort: 5000,
    destinationPort: 53,
    payload,
  });

Deno.test("99 IP drops what is not a packet, without a word [RFC 1122 §3.2.1, RFC 8200 §3]", () => {
  const good = udp(datagram(counting(4)));
  const changed = (at: number, value: number) => {
    const octets = good.slice();
    octets[at] = value;
    octets.set([0, 0], 10);
    octets.set(u16(internetChecksum(octets.subarray(0, 20))), 10);
    return octets;
  };
  const six = ip({
    src: "fd00::2",
    dst: "2001:db8::1",
    protocol: 17,
    payload: datagram6(counting(4)),
  });
  const rows: [string, Uint8Array, Parameters<Drill["drops"]>[0]][] = [
    ["empty", bytes(), "ip.length"],
    ["19 octets", good.subarray(0, 19), "ip.length"],
    ["version 5", changed(0, 0x55), "ip.version"],
    ["IHL 4", changed(0, 0x44), "ip.header"],
    ["IHL beyond the end", changed(0, 0x4f), "ip.header"],
    ["total length below the header", changed(3, 19), "ip.header"],
    ["total length beyond the end", changed(3, 200), "ip.length"],
    [
      "bad header checksum",
      bytes(good.subarray(0, 10), 1, 2, good.subarray(12)),
      "ip.checksum",
    ],
    ["IPv6 cut short", six.subarray(0, 45), "ip.length"],
    ["IPv6 without octets", six.subarray(0, 39), "ip.length"],
  ];
  for (const [what, octets, reason] of rows) {
    const d = drill("LISTEN").inRaw(octets).silent();
    assertEquals([d.drops(reason), d.sessions.length], [1, 0], what);
  }
});

Deno.test("100 IP ignores octets behind the packet's end [RFC 1122 §3.2.1]", () => {
  const d = drill("LISTEN").inRaw(bytes(udp(datagram(bytes(1, 2))), 9, 9, 9));
  assertEquals(received(d), ["0102"]);
});

Deno.test("101 IPv4 skips options, but drops source routes [RFC 7126 §4.3, §4.4]", () => {
  const withOptions = (options: number[]) => {
    const payload = udpOctets(datagram(bytes(1)));
    const header = bytes(
      0x46,
      0,
      u16(24 + payload.length),
      [0, 0, 0, 0, 64, 17, 0, 0],
      [10, 0, 0, 2, 192, 0, 2, 1],
      options,
    );
    header.set(u16(internetChecksum(header)), 10);
    return bytes(header, payload);
  };
  assertEquals(received(drill("LISTEN").inRaw(withOptions([1, 1, 1, 0]))), [
    "01",
  ]);
  assertEquals(received(drill("LISTEN").inRaw(withOptions([7, 4, 0, 0]))), [
    "01",
  ]);
  for (const kind of [131, 137]) {
    const d = drill("LISTEN").inRaw(withOptions([kind, 3, 4, 0])).silent();
    assertEquals(d.drops("ip.source route"), 1);
  }
});

Deno.test("120 IP drops addresses that no host has [RFC 1122 §3.2.1.3, RFC 4291 §2.5]", () => {
  const rows: [string, string, Parameters<Drill["drops"]>[0]][] = [
    ["0.0.0.0", DST, "ip.martian"],
    ["127.0.0.1", DST, "ip.martian"],
    ["224.0.0.1", DST, "ip.martian"],
    ["255.255.255.255", DST, "ip.martian"],
    [SRC, "0.0.0.0", "ip.martian"],
    [SRC, "127.0.0.1", "ip.martian"],
    [SRC, "224.0.0.251", "ip.multicast"],
    [SRC, "255.255.255.255", "ip.multicast"],
    [SRC, "10.0.0.255", "ip.multicast"],
    ["fd00::2", "::", "ip.martian"],
    ["fd00::2", "::1", "ip.martian"],
    ["::", "ff02::2", "ip.multicast"],
    ["::", "fd00::1", "ip.martian"],
    ["ff02::1", "fd00::1", "ip.martian"],
    ["fd00::2", "::ffff:10.0.0.1", "ip.martian"],
  ];
  for (const [src, dst, reason] of rows) {
    const d = drill("LISTEN");
    d.inRaw(udp({ ...datagram(bytes(1)), src, dst })).silent();
    assertEquals([d.drops(reason), d.sessions.length], [1, 0], `${src} ${dst}`);
  }
});

Deno.test("7, 120 TCP to a multicast address is dropped without RST [RFC 1122 §4.2.3.10]", () => {
  const d = drill("LISTEN").inRaw(tcp({
    src: SRC,
    dst: "224.0.0.1",
    sourcePort: 1,
    destinationPort: 2,
    seq: 0,
    ack: 0,
    flags: "S",
    window: 1,
    options: bytes(),
    payload: bytes(),
  })).silent();
  assertEquals(d.syns, []);
});

Deno.test("122 IP leaves protocols it does not know unanswered", () => {
  const d = drill("LISTEN");
  for (const protocol of [2, 41, 47, 58, 132]) {
    d.inRaw(ip({ src: SRC, dst: DST, protocol, payload: bytes(1, 2, 3, 4) }));
  }
  assertEquals([d.silent().drops("ip.protocol")], [5]);
});

Deno.test("107 IPv6 walks extension headers to the transport [RFC 8200 §4]", () => {
  const udp6 = datagram6(bytes(1, 2));
  const options = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
  const routing = (next: number) => [next, 0, 0, 0, 0, 0, 0, 0];
  const rows: [number, number[]][] = [
    [0, options(17)],
    [60, options(17)],
    [0, [...options(43), ...routing(60), ...options(17)]],
  ];
  for (const [protocol, headers] of rows) {
    const packet = ip({
      src: "fd00::2",
      dst: "2001:db8::1",
      protocol,
      payload: bytes(headers, udp6),
    });
    assertEquals(received(drill("LISTEN").inRaw(packet)), ["0102"]);
  }
});

Deno.test("107 IPv6 drops a chain of headers that is too long, misplaced or cut [RFC 8200 §4, RFC 8504 §5.3]", () => {
  const options = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
  const rows: [number, number[]][] = [
    [60, Array.from({ length: 9 }, () => options(60)).flat()],
    [60, [...options(0), ...options(17)]],
    [60, [17, 9, 1, 4]],
    [60, [17, 0, 1]],
  ];
  for (const [protocol, payload] of rows) {
    const d = drill("LISTEN").inRaw(ip({
      src: "fd00::2",
      dst: "2001:db8::1",
      protocol,
      payload: Uint8Array.from(payload),
    })).silent();
    assertEquals(d.drops("ip.extension headers"), 1);
  }
});

Deno.test("106 IPv6 drops jumbograms and packets without a next header in silence [RFC 8200 §4.7, RFC 2675]", () => {
  const packet = (protocol: number) =>
    ip({ src: "fd00::2", dst: "2001:db8::1", protocol, payload: bytes() });
  const d = drill("LISTEN").inRaw(packet(0)).inRaw(packet(59)).silent();
  assertEquals([d.drops("ip.jumbo"), d.drops("ip.no next header")], [1, 1]);
});

Deno.test("102 IPv4 fragments make one datagram in any order, copies or not [RFC 791 §3.2]", () => {
  const octets = udpOctets(datagram(counting(3000)));
  const cuts = [[0, 1400], [1400, 2800], [2800, 3008]] as const;
  const orders = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 0, 1, 1, 2], [
    2,
    0,
    2,
    1,
  ]];
  for (const order of orders) {
    const d = drill("LISTEN");
    const all = fragments(octets, cuts);
    for (const i of order) d.inRaw(all[i] ?? bytes());
    assertEquals(received(d), [hex(counting(3000))], order.join());
  }
});

Deno.test("93 IPv4 fragments carry TCP too", () => {
  const d = drill("ESTABLISHED");
  const whole = tcp({
    src: d.client,
    dst: d.server,
    sourcePort: 40_000,
    destinationPort: 80,
    seq: 5001,
    ack: d.socket.snd.sndNxt >>> 0,
    flags: "PA",
    window: 1000,
    options: bytes(),
    payload: counting(100),
  }).subarray(20);
  const cut = (from: number, to: number, more: number) =>
    ip({ src: SRC, dst: DST, protocol: 6, payload: whole.subarray(from, to) }, {
      identification: 3,
      fragment: from / 8 | more,
    });
  d.inRaw(cut(0, 64, 0x2000)).inRaw(cut(64, 120, 0));

  assertEquals(d.read().length, 100);
});

Deno.test("102 IPv4 drops a datagram whose fragments overlap or lie, whatever follows [RFC 5722 §4, RFC 1858]", () => {
  const octets = udpOctets(datagram(counting(3000)));
  const rows: [string, (readonly [number, number])[]][] = [
    ["overlap", [[0, 1400], [1392, 2800], [2800, 3008], [1400, 2800]]],
    ["inside another", [[0, 1400], [8, 16], [1400, 2800], [2800, 3008]]],
  ];
  for (const [what, cuts] of rows) {
    const d = drill("LISTEN");
    for (const packet of fragments(octets, cuts)) d.inRaw(packet);
    assertEquals(received(d), [], what);
    assertEquals(d.silent().drops("fragment.overlap"), 1);
  }
});

Deno.test("103 IPv4 drops fragments of impossible lengths [RFC 791 §3.2, ping of death]", () => {
  const piece = (length: number, fragment: number) =>
    ip({ src: SRC, dst: DST, protocol: 17, payload: counting(length) }, {
      fragment,
      identification: 1,
    });
  const d = drill("LISTEN")
    .inRaw(piece(13, 0x2000))
    .inRaw(piece(4, 0x2000))
    .inRaw(piece(1400, 0x1fff))
    .inRaw(piece(0, 0x2001)).silent();
  assertEquals(d.drops("fragment.malformed"), 4);
});

Deno.test("103 IPv4 fragments take bounded memory and time [RFC 1122 §3.3.2]", () => {
  const d = drill("LISTEN");
  const octets = udpOctets(datagram(counting(3000)));
  for (let id = 0; id < 100; id++) {
    for (const packet of fragments(octets, [[0, 1400]], id)) d.inRaw(packet);
  }
  // 16 datagrams of one source, and no more until they are given up.
  assertEquals(d.drops("fragment.limit"), 84);
  d.advance(30_000);
  assertEquals(d.drops("fragment.timeout"), 16);
  // RFC 1122 §3.3.2: time exceeded, for every one whose first fragment came.
  assertEquals(
    d.emitted.splice(0).map((packet) => readIp(packet).payload[0]),
    new Array(16).fill(11),
  );

  const cuts = [[0, 1400], [1400, 3008]] as const;
  for (const packet of fragments(octets, cuts, 200)) d.inRaw(packet);
  assertEquals(received(d).length, 1);
});

Deno.test("107 IPv6 fragments make one datagram; an atomic one is whole by itself [RFC 8200 §4.5, RFC 6946]", () => {
  const octets = datagram6(counting(2000));
  const d = drill("LISTEN")
    .inRaw(fragment6(octets, 1000, octets.length))
    .inRaw(fragment6(octets, 0, 1000))
    .inRaw(fragment6(datagram6(bytes(7)), 0, 9));
  assertEquals(received(d).sort(), [hex(counting(2000)), "07"].sort());
});

Deno.test("108 The gateway answers echo requests with the same octets [RFC 792, RFC 4443 §4.2]", () => {
  for (const length of [0, 1, 3, 56, 1400, 65_000]) {
    const d = drill("LISTEN");
    const message = bytes(8, 0, [0, 0], u16(77), u16(1), counting(length));
    d.inRaw(icmp(SRC, "10.0.0.1", message));
    const replies = d.emitted.splice(0).map(readIp);
    const octets = replies.map(({ payload }) => payload);
    const whole = bytes(...octets);
    assertEquals([...whole.subarray(0, 2)], [0, 0]);
    assertEquals(hex(whole.subarray(4)), hex(message.subarray(4)));
    assertEquals(internetChecksum(whole), 0);
    assertEquals([replies[0]?.src, replies[0]?.dst], ["10.0.0.1", SRC]);
  }
  const d = drill("LISTEN").inRaw(
    icmp("fd00::2", "fd00::1", bytes(128, 0, [0, 0], u16(1), u16(2), 1, 2, 3)),
  );
  const [reply] = d.emitted.splice(0).map(readIp);
  assertEquals(reply?.payload.subarray(4), bytes(u16(1), u16(2), 1, 2, 3));
});

Deno.test("108 Echo requests to any address are answered, or to none, where that is the policy [RFC 1122 §3.2.2.6]", () => {
  const request = bytes(8, 0, [0, 0], u16(1), u16(1), [1, 2, 3]);
  const answers = (echo: "off" | "all", dst: string) =>
    drill("LISTEN", { echo }).inRaw(icmp(SRC, dst, request))
      .emitted.map((packet) => readIp(packet).src);
  assertEquals(answers("all", "198.51.100.7"), ["198.51.100.7"]);
  assertEquals(answers("all", "10.0.0.1"), ["10.0.0.1"]);
  assertEquals(answers("all", "224.0.0.1"), []);
  assertEquals(answers("off", "10.0.0.1"), []);
});

Deno.test("108, 109 Other addresses, other messages and bad checksums are not answered [RFC 6918]", () => {
  const echo = bytes(8, 0, [0, 0], u16(1), u16(1));
  const bad = icmp(SRC, "10.0.0.1", echo);
  bad[27] = 9;
  const d = drill("LISTEN")
    .inRaw(icmp(SRC, "10.0.0.3", echo))
    .inRaw(icmp(SRC, "10.0.0.1", bytes(13, 0, [0, 0], u32(0), u32(0))))
    .inRaw(icmp(SRC, "10.0.0.1", bytes(3, 3, [0, 0], u32(0), u32(0))))
    .inRaw(
      ip({ src: SRC, dst: "10.0.0.1", protocol: 1, payload: bytes(8, 0, 0) }),
    )
    .inRaw(bad);
  assertEquals(d.silent().drops("icmp.ignored"), 4);
  assertEquals(d.drops("icmp.soft error"), 1);
});

Deno.test("94 TCP with a bad checksum is dropped, unless the kernel vouches for it [RFC 9293 §3.1]", () => {
  const d = drill("LISTEN");
  const packet = tcp({
    src: SRC,
    dst: DST,
    sourcePort: 1,
    destinationPort: 2,
    seq: 0,
    ack: 0,
    flags: "S",
    window: 1,
    options: bytes(),
    payload: bytes(),
  });
  packet.set([1, 2], 36);
  d.inRaw(packet);
  assertEquals([d.syns.length, d.drops("tcp.checksum")], [0, 1]);

  d.inRaw(packet, { checksum: "partial" });
  assertEquals(d.syns.length, 1);
});

Deno.test("TCP with a header that is not one is dropped", () => {
  const d = drill("LISTEN");
  const header = (offset: number) =>
    bytes(
      u16(1),
      u16(2),
      u32(0),
      u32(0),
      offset << 4,
      2,
      u16(1),
      u32(0),
    );
  for (
    const payload of [
      header(4),
      header(15),
      bytes(1, 2, 3),
    ]
  ) {
    d.inRaw(ip({ src: SRC, dst: DST, protocol: 6, payload }), {
      checksum: "good",
    });
  }
  assertEquals([d.silent().drops("tcp.header"), d.syns.length], [3, 0]);
});
