import { assertEquals } from "@std/assert";
import { type Drill, drill, test } from "../support/drill.ts";
import { bytes, readTcp, tcp } from "../support/packet.ts";

function state(d: Drill): string {
  return d.socket.state();
}

test("77 TCP half-closes when the peer ends first, and sends on [RFC 9293 §3.6, case 2]", () => {
  const d = drill("ESTABLISHED").in({ flags: "FA", seq: 1, ack: 1 });
  d.out({ flags: "A", ack: 2 }).silent();
  assertEquals([state(d), d.socket.rcv.finished], ["CLOSE-WAIT", true]);

  d.write("still here").out({ flags: "PA", text: "still here" });
  d.in({ seq: 2, ack: 11 });
  d.closeWrite().out({ flags: "FA", seq: 11, ack: 2 });
  assertEquals(state(d), "LAST-ACK");

  d.in({ seq: 2, ack: 12 }).silent();
  assertEquals([state(d), d.events.at(-1)], ["CLOSED", "closed in order"]);
});

test("78 TCP half-closes first and receives on [RFC 9293 §3.6, case 1]", () => {
  const d = drill("ESTABLISHED").closeWrite().out({ flags: "FA", seq: 1 });
  assertEquals(state(d), "FIN-WAIT-1");
  d.in({ seq: 1, ack: 2 }).silent();
  assertEquals(state(d), "FIN-WAIT-2");

  d.in({ seq: 1, ack: 2, text: "late" }).out({ ack: 5 });
  assertEquals(d.read(), "late");

  d.in({ flags: "FA", seq: 5, ack: 2 }).out({ flags: "A", seq: 2, ack: 6 });
  assertEquals(d.events.at(-1), "closed in order");
});

test("TCP sends FIN behind everything written, with the last octets", () => {
  const d = drill("ESTABLISHED");
  d.socket.write(new TextEncoder().encode("bye"));

  d.closeWrite().out({ flags: "FPA", seq: 1, text: "bye" }).silent();
});

test("TCP does not squeeze FIN through a shut window [RFC 9293 §3.8.6]", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 1, ack: 1, window: 0 });
  d.closeWrite().silent();

  d.in({ seq: 1, ack: 1, window: 10 }).out({ flags: "FA", seq: 1 });
});

test("79 TCP sends its FIN again in FIN-WAIT-1, CLOSING and LAST-ACK [RFC 9293 §3.8.1]", () => {
  const first = drill("ESTABLISHED").closeWrite().out();
  first.advance(200).out({ flags: "FA", seq: 1 }).silent();

  const closing = drill("ESTABLISHED").closeWrite().out();
  closing.in({ flags: "FA", seq: 1, ack: 1 }).out({ ack: 2 });
  assertEquals(state(closing), "CLOSING");
  closing.advance(200).out({ flags: "FA", seq: 1, ack: 2 }).silent();

  const last = drill("ESTABLISHED").in({ flags: "FA", seq: 1, ack: 1 }).out();
  last.closeWrite().out();
  last.advance(200).out({ flags: "FA", seq: 1, ack: 2 }).silent();
});

test("80 TCP closes simultaneously [RFC 9293 §3.6, figure 13]", () => {
  const d = drill("ESTABLISHED").closeWrite().out({ flags: "FA" });
  d.in({ flags: "FA", seq: 1, ack: 1 }).out({ flags: "A", seq: 2, ack: 2 });
  assertEquals(state(d), "CLOSING");

  d.in({ seq: 2, ack: 2 });

  assertEquals(d.events.at(-1), "closed in order");
});

test("TCP goes from FIN-WAIT-1 to TIME-WAIT when FIN comes with the ACK of its own [RFC 9293 §3.10.7.4]", () => {
  const d = drill("ESTABLISHED").closeWrite().out();

  d.in({ flags: "FA", seq: 1, ack: 2 }).out({ flags: "A", seq: 2, ack: 2 });

  assertEquals(d.events.at(-1), "closed in order");
});

test("TCP leaves what it has received readable after an orderly end", () => {
  const d = drill("ESTABLISHED");
  d.in({ flags: "FPA", seq: 1, ack: 1, text: "last words" }).out();
  d.closeWrite().out().in({ seq: 12, ack: 2 });
  assertEquals(state(d), "CLOSED");

  assertEquals(d.read(), "last words");
  d.silent();
});

test("84 TCP in LAST-ACK stays when the ACK does not cover its FIN, and answers a repeated FIN", () => {
  const d = drill("ESTABLISHED").in({ flags: "FA", seq: 1, ack: 1 }).out();
  d.write("x").out();
  d.closeWrite().out();
  d.in({ seq: 2, ack: 2 });
  assertEquals(state(d), "LAST-ACK");
  d.emitted.length = 0;

  d.in({ flags: "FA", seq: 1, ack: 2 }).out({ flags: "A", ack: 2 });
});

test("85 TCP answers a stray ACK after the end with RST [RFC 9293 §3.5.2]", () => {
  const d = drill("ESTABLISHED").in({ flags: "FA", seq: 1, ack: 1 }).out();
  d.closeWrite().out().in({ seq: 2, ack: 2 });

  d.in({ seq: 2, ack: 2 }).out({ flags: "R", seq: 2 });
});

test("86 TCP in TIME-WAIT answers FIN and old octets, ignores RST, and ends after 10 s [RFC 9293 §3.10.7.4, RFC 1337]", () => {
  const d = drill("ESTABLISHED").closeWrite().out();
  d.in({ flags: "FA", seq: 1, ack: 2 }).out();
  d.advance(9000);

  d.in({ flags: "FA", seq: 1, ack: 2 }).out({ flags: "A", seq: 2, ack: 2 });
  d.in({ flags: "R", seq: 2 }).silent();
  d.advance(9999).in({ seq: 1, ack: 2 }).out({ flags: "A", seq: 2, ack: 2 });
  d.advance(10_001).in({ seq: 2, ack: 2 }).out({ flags: "R", seq: 2 });
});

test("87 TCP in TIME-WAIT takes a newer SYN at once, with an ISS beyond the old one [RFC 9293 §3.10.7.4, RFC 6191]", () => {
  const d = drill("ESTABLISHED").closeWrite().out();
  d.in({ flags: "FA", seq: 1, ack: 2 }).out();

  d.in({ flags: "S", seq: 1 }).out({ flags: "A", seq: 2, ack: 2 });
  assertEquals(d.syns.length, 0);

  d.in({ flags: "S", seq: 3 }).silent();
  const old = d.socket.snd.sndNxt;
  const iss = d.syns[0]?.accept().snd.iss ?? 0;
  assertEquals((iss - old) | 0, 65_536);
});

test("87 TCP in TIME-WAIT takes a SYN with a newer timestamp [RFC 6191 §2]", () => {
  const d = drill("ESTABLISHED", {
    syn: { mss: 1380, timestamps: [100, 0] },
  });
  d.closeWrite().out();
  d.in({ flags: "FA", seq: 1, ack: 2, timestamps: [200, 0] }).out();

  d.in({ flags: "S", seq: 0, timestamps: [201, 0] }).silent();

  assertEquals(d.syns.length, 1);
});

test("13, 82 TCP aborts with RST at SND.NXT, and the peer's next segment gets RST too [RFC 9293 §3.10.5]", () => {
  const d = drill("ESTABLISHED").write("abc").out();

  d.abort().out({ flags: "RA", seq: 4, ack: 1 }).silent();

  assertEquals(d.events.at(-1), "closed in order");
  d.in({ seq: 1, ack: 4 }).out({ flags: "R", seq: 4 });
});

test("TCP aborts at the edge of the window when the peer has shrunk it", () => {
  const d = drill("ESTABLISHED").write(3000);
  d.emitted.length = 0;
  d.in({ seq: 1, ack: 1, window: 1000 });
  d.emitted.length = 0;

  d.abort().out({ flags: "RA", seq: 1001 });
});

test("48 TCP is reset by RST at RCV.NXT, challenges one inside the window, ignores one outside [RFC 5961 §3.2]", () => {
  const d = drill("ESTABLISHED");
  d.in({ flags: "R", seq: 2 }).out({ flags: "A", seq: 1, ack: 1 });
  d.in({ flags: "R", seq: 0 }).in({ flags: "R", seq: 70_000 }).silent();
  assertEquals(d.events, []);

  d.in({ flags: "R", seq: 1 }).silent();

  assertEquals(d.events, ["closed reset"]);
});

test("48 TCP is reset by RST at the end of what arrived beyond a hole", () => {
  const d = drill("ESTABLISHED").in({ seq: 5, ack: 1, text: "abc" }).out();

  d.in({ flags: "R", seq: 8 });

  assertEquals(d.events.at(-1), "closed reset");
});

test("49 TCP answers a SYN in a connection with a challenge ACK, once in 500 ms [RFC 5961 §4.2, §7]", () => {
  const d = drill("ESTABLISHED");
  d.in({ flags: "S", seq: 1 }).out({ flags: "A", seq: 1, ack: 1 });
  d.in({ flags: "S", seq: 900_000 }).silent();
  d.advance(500).in({ flags: "SA", seq: 1, ack: 1 }).out({ flags: "A" });
  assertEquals(d.drops("tcp.challenge limit"), 1);

  d.in({ seq: 1, ack: 1, text: "alive" });
  assertEquals(d.read(), "alive");
});

test("50 TCP lets a peer that has forgotten the connection open it again [RFC 5961 §4.2]", () => {
  const d = drill("ESTABLISHED");
  d.in({ flags: "S", seq: 777 }).out({ flags: "A", ack: 1 });

  d.in({ flags: "R", seq: 1 }).in({ flags: "S", seq: 778 });

  d.accept().out({ flags: "SA", ack: 779 });
});

test("88 TCP remembers 8192 ended connections; the oldest is forgotten first", () => {
  const d = drill("LISTEN");
  const from = (port: number, flags: string, seq: number, ack = 0) =>
    d.inRaw(tcp({
      src: d.client,
      dst: d.server,
      sourcePort: port,
      destinationPort: 80,
      seq,
      ack: ack >>> 0,
      flags,
      window: 1000,
      options: bytes(),
      payload: bytes(),
    }));
  for (let port = 1; port <= 8193; port++) {
    const socket = from(port, "S", 0).syns.pop()?.accept();
    const iss = socket?.snd.iss ?? 0;
    d.poll();
    from(port, "A", 1, iss + 1);
    socket?.closeWrite();
    d.poll();
    from(port, "FA", 1, iss + 2);
  }
  d.emitted.length = 0;

  from(1, "FA", 1, 5);
  from(2, "FA", 1, 5);

  const answers = d.emitted.map((packet) => readTcp(packet).flags);
  assertEquals(answers, ["R", "A"]);
});

test("45 TCP has timestamps of the time they leave in FIN, RST and the ACKs of TIME-WAIT [RFC 7323 §3.2]", () => {
  const syn = { mss: 1380, timestamps: [100, 0] as const };
  const reset = drill("ESTABLISHED", { syn });
  const finished = drill("ESTABLISHED", { syn });
  const clock = reset.write("a").next().timestamps?.[0] ?? 0;
  reset.in({ seq: 1, ack: 2, timestamps: [100, clock] }).advance(5000);
  reset.abort().out({ flags: "RA", timestamps: [clock + 5000, 100] });
  finished.advance(7000).closeWrite();
  finished.out({ flags: "FA", timestamps: [clock + 7000, 100] });
  finished.in({ flags: "FA", seq: 1, ack: 2, timestamps: [101, 0] }).out();
  finished.advance(1000);
  finished.in({ flags: "FA", seq: 1, ack: 2, timestamps: [102, 0] })
    .out({ flags: "A", timestamps: [clock + 8000, 101] });
});

test("90 TCP asks a silent peer after 60 s and every 30 s, and gives up after nine probes [RFC 9293 §3.8.4]", () => {
  for (const ipv6 of [false, true]) {
    const d = drill("ESTABLISHED", { ipv6 });
    d.advance(59_999).silent();
    d.advance(1).out({ flags: "A", seq: 0, ack: 1, text: "" }).silent();
    d.advance(29_999).silent().advance(1).out({ seq: 0, text: "" });
    d.in({ seq: 1, ack: 1 }).silent();
    d.advance(59_999).silent();
    for (let probe = 1; probe <= 9; probe++) {
      d.advance(probe === 1 ? 1 : 30_000).out({ seq: 0 }).silent();
    }
    d.advance(30_000).out({ flags: "RA", seq: 1 }).silent();
    assertEquals(d.events, ["closed timeout"]);
    assertEquals(d.stack.pollAt(), Infinity);
  }
});

test("81 TCP in FIN-WAIT-2 does not wait for ever for a peer that has gone [RFC 9293 §3.8.4]", () => {
  const d = drill("ESTABLISHED").closeWrite().out().in({ seq: 1, ack: 2 });
  d.advance(60_000 + 9 * 30_000);
  assertEquals(d.emitted.splice(0).length, 10);
  assertEquals(d.events.at(-1), "closed timeout");
  d.in({ seq: 1, ack: 2 }).out({ flags: "R", seq: 2 });
});

test("98 A stack that is told to stop resets every connection and has nothing left to do", () => {
  for (const state of ["SYN-RECEIVED", "ESTABLISHED"] as const) {
    const d = drill(state).abort().out({ flags: "RA" }).silent();
    assertEquals([d.stack.pollAt(), [...d.stack.tcpSockets()]], [Infinity, []]);
  }
  for (const ended of ["CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2"] as const) {
    const d = drill("ESTABLISHED").write("abc");
    if (ended === "CLOSE-WAIT") d.in({ flags: "FA", seq: 1, ack: 1 });
    else d.closeWrite();
    if (ended === "FIN-WAIT-2") d.in({ seq: 1, ack: 5 });
    d.emitted.length = 0;
    assertEquals(d.socket.state(), ended);
    d.abort().out({ flags: "RA" }).silent();
    assertEquals([d.stack.pollAt(), [...d.stack.tcpSockets()]], [Infinity, []]);
  }
});

test("83 TCP ends with RST when what has arrived is not read [RFC 1122 §4.2.2.13]", () => {
  for (const ipv6 of [false, true]) {
    const d = drill("ESTABLISHED", { ipv6 });
    d.in({ seq: 1, ack: 1, text: "unread" }).out({ ack: 7 });
    d.abort().out({ flags: "RA", seq: 1, ack: 7 }).silent();
    d.in({ flags: "FA", seq: 7, ack: 1 }).out({ flags: "R", seq: 1 });
  }
});
