import { assertEquals } from "@std/assert";
import { drill, OFFLOAD, test, textAt } from "../support/drill.ts";

const SACK = { syn: { mss: 1380, sackPermitted: true } } as const;

test("26 TCP delivers octets in order and acknowledges them at the end of the burst [RFC 9293 §3.8.6.3]", () => {
  const d = drill("ESTABLISHED");

  d.in({ flags: "PA", seq: 1, ack: 1, text: "hel" }, "more");
  d.in({ flags: "PA", seq: 4, ack: 1, text: "lo" });

  d.out({ flags: "A", seq: 1, ack: 6 }).silent();
  assertEquals(d.events, ["readable"]);
  assertEquals(d.read(), "hello");
});

test("27 TCP acknowledges two full segments of one burst with one ACK [RFC 5681 §4.2]", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 1, ack: 1, text: 1380 }, "more");
  d.in({ seq: 1381, ack: 1, text: 1380 });

  d.out({ ack: 2761 }).silent();
});

test("27 TCP delays the ACK of a small segment when the connection is old, for 10 ms [RFC 9293 §3.8.6.3]", () => {
  const d = drill("ESTABLISHED");
  for (let i = 0; i < 16; i++) {
    d.in({ seq: 1 + i, ack: 1, text: 1 }).out({ ack: 2 + i });
  }

  d.in({ seq: 17, ack: 1, text: 1 }).silent();

  d.advance(9).silent().advance(1).out({ flags: "A", ack: 18 }).silent();
});

test("TCP lets a delayed ACK ride on octets [RFC 9293 §3.8.6.3]", () => {
  const d = drill("ESTABLISHED");
  for (let i = 0; i < 16; i++) {
    d.in({ seq: 1 + i, ack: 1, text: 1 }).out({ ack: 2 + i });
  }
  d.in({ seq: 17, ack: 1, text: 1 }).silent();

  d.write("ok").out({ flags: "PA", ack: 18, text: "ok" });

  d.in({ seq: 18, ack: 3 }).advance(100).silent();
});

test("29 TCP acknowledges a repeated segment at once, as often as it comes", () => {
  const d = drill("ESTABLISHED").in({ seq: 1, ack: 1, text: "abc" }).out();
  for (let i = 0; i < 5; i++) {
    d.in({ seq: 1, ack: 1, text: "abc" }).out({ flags: "A", ack: 4 });
  }
  assertEquals(d.read(), "abc");
});

test("30 TCP delivers only what is new of a segment that is partly old [RFC 9293 §3.10.7.4]", () => {
  const d = drill("ESTABLISHED").in({ seq: 1, ack: 1, text: "abc" }).out();

  d.in({ seq: 2, ack: 1, text: "bcd" }).out({ ack: 5 });

  assertEquals(d.read(), "abcd");
});

test("31 TCP answers a segment beyond the window with an ACK, once in 500 ms when it is empty [RFC 9293 §3.10.7.4, RFC 5961 §7]", () => {
  const d = drill("ESTABLISHED");
  const beyond = 1 + 65_535;
  d.in({ seq: beyond, ack: 1, text: "x" }).out({ flags: "A", ack: 1 });
  d.in({ seq: beyond + 1, ack: 1 }).out({ flags: "A", ack: 1 });
  d.in({ seq: beyond + 1, ack: 1 }).silent();
  assertEquals(d.drops("tcp.unacceptable"), 3);

  d.advance(500).in({ seq: beyond + 1, ack: 1 }).out({ ack: 1 });
});

test("32 TCP keeps what lies in the window of a segment that overshoots it", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 65_530, ack: 1, text: 20 }).out({ ack: 1 });

  for (let seq = 1; seq < 65_530; seq += 1000) {
    d.in({ seq, ack: 1, text: Math.min(1000, 65_530 - seq) }, "more");
  }
  d.poll();

  assertEquals(d.next().ack, 65_536);
  assertEquals(d.read(), textAt(1, 65_535));
});

test("33, 35 TCP reports what arrived beyond a hole, the latest first [RFC 2018 §4]", () => {
  const d = drill("ESTABLISHED", SACK);
  d.in({ seq: 11, ack: 1, text: 10 }).out({ ack: 1, sack: [[11, 21]] });
  d.in({ seq: 21, ack: 1, text: 10 }).out({ ack: 1, sack: [[11, 31]] });
  d.in({ seq: 41, ack: 1, text: 10 })
    .out({ ack: 1, sack: [[41, 51], [11, 31]] });
  d.in({ seq: 61, ack: 1, text: 10 })
    .out({ ack: 1, sack: [[61, 71], [41, 51], [11, 31]] });
  d.in({ seq: 81, ack: 1, text: 10 })
    .out({ sack: [[81, 91], [61, 71], [41, 51], [11, 31]] });
  d.in({ seq: 101, ack: 1, text: 10 })
    .out({ sack: [[101, 111], [81, 91], [61, 71], [41, 51]] });

  d.in({ seq: 1, ack: 1, text: 10 }).out({ ack: 31 });

  assertEquals(d.read(), textAt(1, 30));
});

test("35 TCP has room for three SACK blocks beside timestamps [RFC 2018 §3]", () => {
  const d = drill("ESTABLISHED", {
    syn: { mss: 1380, sackPermitted: true, timestamps: [1, 0] },
  });
  for (const seq of [11, 31, 51, 71]) {
    d.in({ seq, ack: 1, text: 10, timestamps: [2, 0] }, "more");
  }
  d.poll().out({ sack: [[71, 81], [51, 61], [31, 41]] }).silent();
});

test("34 TCP acknowledges everything at once when a hole is filled [RFC 5681 §4.2]", () => {
  const d = drill("ESTABLISHED", SACK);
  d.in({ seq: 4, ack: 1, text: "def" }).out({ ack: 1 });

  d.in({ seq: 1, ack: 1, text: "abc" });

  const { ack, sack } = d.next();
  assertEquals([ack, sack], [7, undefined]);
  assertEquals(d.read(), "abcdef");
});

test("36 TCP reports a duplicate in the first SACK block [RFC 2883 §4]", () => {
  const d = drill("ESTABLISHED", SACK);
  d.in({ seq: 11, ack: 1, text: 10 }).out({ sack: [[11, 21]] });
  d.in({ seq: 11, ack: 1, text: 10 }).out({ sack: [[11, 21], [11, 21]] });
  d.in({ seq: 1, ack: 1, text: 10 }).out({ ack: 21 });
  d.in({ seq: 1, ack: 1, text: 10 }).out({ ack: 21, sack: [[1, 11]] });
});

test("TCP without SACK sends one duplicate ACK per segment that came out of order [RFC 5681 §4.2]", () => {
  const d = drill("ESTABLISHED");
  for (const seq of [11, 21, 31]) d.in({ seq, ack: 1, text: 10 }, "more");

  d.poll().out({ ack: 1 }).out({ ack: 1 }).out({ ack: 1 }).silent();
});

test("37 TCP keeps 64 holes at most and goes on working", () => {
  const d = drill("ESTABLISHED", SACK);
  for (let i = 0; i < 100; i++) {
    d.in({ seq: 3 + 2 * i, ack: 1, text: 1 }, "more");
  }
  d.poll();
  assertEquals(d.drops("tcp.no room"), 36);
  d.emitted.length = 0;

  d.in({ seq: 1, ack: 1, text: 300 }).out({ ack: 301 });

  assertEquals(d.read(), textAt(1, 300));
});

test("39 TCP keeps the octets that came first when copies differ", () => {
  const d = drill("ESTABLISHED", SACK);
  d.in({ seq: 4, ack: 1, text: "def" }, "more");
  d.in({ seq: 3, ack: 1, text: "CDEFG" }, "more");
  d.in({ seq: 1, ack: 1, text: "abcdefghi" });

  assertEquals(d.read(), "abCdefGhi");
});

test("38 TCP waits with a FIN beyond a hole [RFC 9293 §3.10.7.4]", () => {
  const d = drill("ESTABLISHED", SACK);
  d.in({ flags: "FA", seq: 4, ack: 1, text: "def" }).out({ ack: 1 });
  assertEquals(d.socket.state(), "ESTABLISHED");

  d.in({ seq: 1, ack: 1, text: "abc" }).out({ ack: 8 });

  assertEquals(d.socket.state(), "CLOSE-WAIT");
  assertEquals(d.read(), "abcdef");
});

test("40 TCP counts on through the end of the sequence space [RFC 9293 §3.4]", () => {
  const d = drill("ESTABLISHED", { irs: 2 ** 32 - 10, ...SACK });
  d.in({ seq: 15, ack: 1, text: 10 }).out({ ack: 1, sack: [[15, 25]] });
  d.in({ seq: 1, ack: 1, text: 14 }).out({ ack: 25 });

  assertEquals(d.read(), textAt(1, 24));
});

test("41 TCP drops a segment without ACK [RFC 9293 §3.10.7.4, fifth step]", () => {
  const d = drill("ESTABLISHED").in({ flags: "P", seq: 1, text: "x" })
    .silent();

  assertEquals([d.read(), d.drops("tcp.flags")], ["", 1]);
});

test("42 TCP drops octets that come with an ACK of the future or of long ago [RFC 5961 §5.2]", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 1, ack: 2, text: "x" }).out({ flags: "A", ack: 1 });
  d.advance(500);
  d.in({ seq: 1, ack: -65_536, text: "x" }).out({ flags: "A", ack: 1 });

  assertEquals([d.read(), d.drops("tcp.bad ack")], ["", 2]);
  d.in({ seq: 1, ack: -65_534, text: "x" }).out({ ack: 2 });
});

test("44 TCP drops a segment with an old timestamp and answers with an ACK [RFC 7323 §5.3]", () => {
  const d = drill("ESTABLISHED", {
    syn: { mss: 1380, timestamps: [100, 0] },
  });
  d.in({ seq: 1, ack: 1, text: "a", timestamps: [200, 0] }).out();

  d.in({ seq: 2, ack: 1, text: "b", timestamps: [199, 0] });

  const { ack, timestamps } = d.next();
  assertEquals([ack, timestamps?.[1]], [2, 200]);
  assertEquals([d.read(), d.drops("tcp.old timestamp")], ["a", 1]);
});

test("43 TCP does not take the timestamp of a segment with a bad ACK [RFC 7323 §4.3]", () => {
  const d = drill("ESTABLISHED", {
    syn: { mss: 1380, timestamps: [100, 0] },
  });
  d.in({ seq: 1, ack: 99, text: "x", timestamps: [5000, 0] });

  assertEquals(d.next().timestamps?.[1], 100);
});

test("TCP does not take the timestamp of a segment beyond the last ACK [RFC 7323 §4.3]", () => {
  const d = drill("ESTABLISHED", {
    syn: { mss: 1380, timestamps: [100, 0], sackPermitted: true },
  });
  d.in({ seq: 5, ack: 1, text: "x", timestamps: [300, 0] });

  assertEquals(d.next().timestamps?.[1], 100);
});

test("46 TCP takes a segment without the timestamps it agreed on [deviation from RFC 7323 §3.2]", () => {
  const d = drill("ESTABLISHED", {
    syn: { mss: 1380, timestamps: [100, 0] },
  });
  d.in({ seq: 1, ack: 1, text: "a" });

  assertEquals(d.read(), "a");
});

test("47 TCP delivers urgent octets in line [RFC 6093 §4]", () => {
  const d = drill("ESTABLISHED");
  d.in({ flags: "PAU", seq: 1, ack: 1, text: "abc" });

  assertEquals(d.read(), "abc");
});

/** What fits into the buffers before the application has read anything. */
const FIRST_LIMIT = 224 * 1024;

test("51 TCP shuts its window when nobody reads, and its edge never moves left [RFC 9293 §3.8.6]", () => {
  for (const ipv6 of [false, true]) {
    const d = drill("ESTABLISHED", { ipv6, syn: { mss: 1380, scale: 7 } });
    let seq = 1;
    let edge = 1 + 65_535;
    while (edge - seq >= 1380) {
      d.in({ seq, ack: 1, text: 1380 });
      seq += 1380;
      while (d.emitted.length > 0) {
        const { ack = 0, window = 0 } = d.next();
        assertEquals(ack + window * 128 >= edge, true, "edge moves right");
        edge = ack + window * 128;
      }
    }
    assertEquals(edge > FIRST_LIMIT, true);
    assertEquals(edge < FIRST_LIMIT * 8 / 7, true);
    d.in({ seq, ack: 1, text: edge - seq }).advance(10);
    assertEquals(d.next().ack, edge);
  }
});

test("51, 52 TCP lets a peer of tiny segments have an eighth of its buffer more, not all memory [RFC 7323 §2.4]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1380, scale: 7 } });
  let seq = 1;
  for (let window = 1; window > 0;) {
    const text = Math.min(1380, window * 128);
    d.in({ seq, ack: 1, text: text > 128 ? text : 1 });
    seq += text > 128 ? text : 1;
    if (d.emitted.length === 0) d.advance(10);
    window = d.next().window ?? 0;
  }
  // Less than a unit of what was promised before may be left.
  for (let ack = -1; ack !== seq;) {
    seq = Math.max(seq, ack);
    d.in({ seq, ack: 1, text: 1 }).advance(10);
    ack = d.next().ack ?? 0;
  }
  assertEquals(seq - 1 <= FIRST_LIMIT * 8 / 7, true);

  // A probe with an octet is answered, and the octet is not kept.
  d.in({ seq, ack: 1, text: 1 }).out({ ack: seq, window: 0 });
  d.in({ seq: seq - 1, ack: 1, text: 1 }).out({ ack: seq, window: 0 });
  d.in({ seq: seq - 1, ack: 1 }).out({ ack: seq, window: 0 });
  d.in({ seq: seq - 1, ack: 1 }).out({ ack: seq, window: 0 });
  assertEquals(d.read().length, seq - 1);
  d.out({ flags: "A", ack: seq }).silent();
});

test("TCP doubles its window as long as the application takes what comes, up to 896 KiB for a peer on this machine and 7 MiB for others [RFC 7323 §2.2]", () => {
  for (const [rtt, most] of [[0, 896], [30, 7168]] as const) {
    const d = drill("SYN-RECEIVED", { syn: { mss: 1380, scale: 7 } });
    d.now += rtt;
    d.in({ seq: 1, ack: 1 });
    let widest = 0;
    for (let seq = 1; seq < 18 * most * 128; seq += 60_000) {
      d.in({ seq, ack: 1, text: 60_000 });
      d.read();
      while (d.emitted.length > 0) {
        widest = Math.max(widest, (d.next().window ?? 0) * 128);
      }
    }
    assertEquals(widest, most * 1024);
  }
});

test("53 TCP tells once of the room that a reader has made, and not of a few octets [RFC 9293 §3.8.6.2.2]", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 1, ack: 1, text: 3 }).out({ ack: 4 });
  assertEquals(d.read().length, 3);
  d.silent();

  let seq = 4;
  for (let window = 1; window > 0;) {
    d.in({ seq, ack: 1, text: 1000 }).advance(10);
    const { ack = 0, window: told = 0 } = d.next();
    d.emitted.length = 0;
    seq = ack;
    window = told;
  }
  d.read();
  d.out({ flags: "A", ack: seq, window: 65_535 }).silent();
});

test("54 TCP hears ACK, FIN and RST while its window is shut [RFC 9293 §3.10.7.4]", () => {
  const shut = () => {
    const d = drill("ESTABLISHED");
    for (let seq = 1; seq < 65_536; seq += 1000) {
      d.in({ seq, ack: 1, text: Math.min(1000, 65_536 - seq) });
    }
    d.emitted.length = 0;
    return d;
  };
  const acked = shut().write("abc").out({ text: "abc", window: 65_535 });
  acked.in({ seq: 65_536, ack: 4 });
  assertEquals(acked.socket.outstanding(), 0);
});

test("28 TCP takes a 64 KB super-packet like any segment and acknowledges it once", () => {
  const d = drill("ESTABLISHED", {
    offload: OFFLOAD,
    syn: { mss: 1380, scale: 7 },
  });
  d.in({ seq: 1, ack: 1, text: 60_000 }).out({ ack: 60_001 }).silent();

  assertEquals(d.read().length, 60_000);
});

test("123 TCP goes by the lengths of the headers, whatever a device says of a super-packet", () => {
  for (const segmentSize of [1, 20, 1380, 65_535]) {
    const d = drill("ESTABLISHED", { offload: OFFLOAD });
    d.inSuper({ seq: 1, ack: 1, text: 3000 }, segmentSize).out({ ack: 3001 });
    assertEquals(d.read(), textAt(1, 3000));
  }
});

test("89 TCP answers a keep-alive probe, with an octet or without [RFC 9293 §3.8.4]", () => {
  const d = drill("ESTABLISHED").in({ seq: 1, ack: 1, text: "a" }).out();
  d.in({ seq: 1, ack: 1 }).out({ flags: "A", ack: 2 });
  d.in({ seq: 1, ack: 1, text: "a" }).out({ flags: "A", ack: 2 });
});

test("124 TCP takes the largest IPv6 super-packet, of 65 575 octets [RFC 8200 §3]", () => {
  const d = drill("ESTABLISHED", {
    ipv6: true,
    offload: OFFLOAD,
    syn: { mss: 1360, scale: 7 },
  });
  d.in({ seq: 1, ack: 1, text: 1000 }).out();
  d.in({ seq: 1001, ack: 1, text: 65_515 }).out({ ack: 66_516 }).silent();
  assertEquals(d.read(), textAt(1, 66_515));
});

test("40 TCP counts through the end of the sequence space for 1 MB [RFC 9293 §3.4]", () => {
  const d = drill("ESTABLISHED", {
    irs: 2 ** 32 - 10,
    syn: { mss: 1380, scale: 7 },
  });
  for (let seq = 1; seq < 1_000_000; seq += 50_000) {
    d.in({ seq, ack: 1, text: 50_000 }).out({ ack: seq + 50_000 });
    assertEquals(d.read(), textAt(seq, 50_000));
    d.emitted.length = 0;
  }
});
