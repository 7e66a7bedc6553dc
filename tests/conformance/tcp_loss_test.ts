import { assertEquals } from "@std/assert";
import { type Drill, drill, test } from "../support/drill.ts";
import { ack, inFlight } from "../support/in_flight.ts";

test("65 TCP sends again at the third duplicate ACK, not before [RFC 5681 §3.2]", () => {
  const d = inFlight({ sack: false });
  d.in(ack(1)).in(ack(1)).silent();

  d.in(ack(1)).out({ flags: "PA", seq: 1, text: 1000 }).silent();
});

test("65 TCP does not count an ACK with octets or another window as a duplicate [RFC 5681 §2]", () => {
  const d = inFlight({ sack: false });
  d.in({ ...ack(1), text: "a" }).out({ flags: "A", ack: 2 });
  d.in({ ...ack(1), seq: 2, window: 50_000 });
  d.in({ ...ack(1), seq: 2, window: 60_000 });
  d.silent();
});

test("TCP sends the next lost segment at a partial ACK [RFC 6582 §3.2]", () => {
  const d = inFlight({ sack: false });
  for (let i = 0; i < 3; i++) d.in(ack(1));
  d.out({ seq: 1 }).silent();

  d.in(ack(3001)).out({ seq: 3001, text: 1000 }).silent();
  d.in(ack(10_001)).silent();
});

test("67 TCP sends again what SACK shows to be lost, and only that [RFC 6675 §5]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(1001, [[2001, 3001]]));
  d.in(ack(1001, [[2001, 4001]])).silent();

  d.in(ack(1001, [[2001, 5001]])).out({ seq: 1001, text: 1000 }).silent();

  d.in(ack(10_001)).silent();
});

test("67, 68 TCP halves its window once for several losses of one flight [RFC 6675 §5]", () => {
  const d = inFlight({ sack: true });
  d.write(30_000).silent();
  d.in(ack(1, [[1001, 2001]]));
  d.in(ack(1, [[3001, 4001], [1001, 2001]]));
  d.emitted.length = 0;
  d.in(ack(1, [[5001, 10_001], [3001, 4001], [1001, 2001]]));
  const sent = [];
  while (d.emitted.length > 0) sent.push(d.next().seq);

  assertEquals(sent.slice(0, 3), [1, 2001, 4001]);
  d.in(ack(10_001));
  assertEquals(d.emitted.length <= 6, true);
});

test("66 TCP sends a segment that the first two duplicates say has left [RFC 3042]", () => {
  const d = inFlight({ sack: true });
  d.write(5000).silent();

  d.in(ack(1, [[1001, 2001]])).out({ seq: 10_001, text: 1000 }).silent();
  d.in(ack(1, [[1001, 3001]])).out({ seq: 11_001, text: 1000 }).silent();
});

test("68 TCP sends the end of the flight again once when nothing else is left [RFC 6675 §4 NextSeg (4)]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(1, [[1001, 8001]])).out({ seq: 1, text: 1000 });

  d.out({ seq: 9001, text: 1000 }).silent();
});

test("TCP ignores SACK blocks that cannot be [RFC 2018 §5]", () => {
  const d = inFlight({ sack: true });
  for (let i = 0; i < 4; i++) {
    d.in({ ...ack(1, [[20_001, 30_001]]), text: "x", seq: 1 + i });
    d.emitted.length = 0;
    d.in({ ...ack(1, [[3001, 2001]]), text: "x", seq: 1 + i });
    d.emitted.length = 0;
  }
  d.in({ ...ack(1, [[-5000, 1]]), seq: 5 }).silent();
});

test("TCP after a time-out sends the first segment alone, then doubles [RFC 5681 §3.1, RFC 6298 §5.4]", () => {
  const d = inFlight({ sack: false });
  d.advance(300).out({ seq: 1, text: 1000 }).silent();

  d.in(ack(1001)).out({ seq: 1001 }).out({ seq: 2001 }).silent();
  d.in(ack(3001)).out({ seq: 3001 }).out({ seq: 4001 }).out({ seq: 5001 })
    .out({ seq: 6001 }).silent();
});

test("TCP after a time-out trusts no SACK from before [RFC 2018 §8]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(1, [[1001, 2001]]));
  d.advance(20).out({ seq: 1 }).silent();

  d.advance(400).out({ seq: 1 }).silent();
  d.in(ack(1001)).out({ seq: 1001 });
});

test("72 TCP sends nothing again when the ACK waited as long as the event loop stood still", () => {
  const d = inFlight({ sack: true });
  d.now += 5000;

  // The driver feeds what has arrived before it polls.
  d.in(ack(10_001), "more");
  d.poll().silent();
});

/** Ten segments in flight to a distant peer with timestamps; the clock's value when they left. */
function timed(): { readonly d: Drill; readonly left: number } {
  const d = drill("SYN-RECEIVED", {
    syn: { mss: 1012, scale: 7, sackPermitted: true, timestamps: [1, 0] },
  });
  d.now += 50;
  d.in({ seq: 1, ack: 1, window: 60_000, timestamps: [1, 0] });
  d.write(30_000);
  const left = d.next().timestamps?.[0] ?? 0;
  d.emitted.length = 0;
  return { d, left };
}

test("71 TCP takes a time-out back when the echoed timestamp shows that the first copy has arrived [RFC 3522 §3.2, RFC 4015 §3.2]", () => {
  const late = timed();
  late.d.advance(400).out({ seq: 10_001 }).out({ seq: 1, text: 1000 })
    .silent();
  late.d.in({ ...ack(2001), timestamps: [2, late.left] });
  // The window is ten segments still, and two more for what was acknowledged: nothing is sent a second time.
  late.d.out({ seq: 11_001 }).out({ seq: 12_001 }).out({ seq: 13_001 })
    .silent();

  const lost = timed();
  lost.d.advance(400).out({ seq: 10_001 });
  const again = lost.d.next().timestamps?.[0] ?? 0;
  lost.d.in({ ...ack(2001), timestamps: [2, again] })
    .out({ seq: 2001 }).out({ seq: 3001 }).out({ seq: 4001 }).silent();
});

test("71 TCP takes a recovery back when the peer reports that all that was sent again were duplicates [RFC 2883, RFC 3708 §3]", () => {
  const d = inFlight({ sack: true });
  d.write(30_000).silent();
  d.in(ack(1, [[3001, 10_001]])).out({ seq: 1, text: 1000 })
    .out({ seq: 1001, text: 1000 });
  d.emitted.length = 0;
  // 1 and 1001 came late, 2001 too: the copies are reported as duplicates.
  d.in(ack(10_001));
  const before = d.emitted.length;
  d.in(ack(10_001, [[1, 3001]]));
  assertEquals(d.emitted.length > before, true);
});
