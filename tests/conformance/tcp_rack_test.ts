import { assertEquals } from "@std/assert";
import { type Drill, test } from "../support/drill.ts";
import { ack, inFlight } from "../support/in_flight.ts";

test("69 TCP asks with the last segment for the ACK of a flight's end two round trips after it [RFC 8985 §7.3]", () => {
  const d = inFlight({ sack: true });
  d.advance(49).silent();

  d.advance(1).out({ seq: 9001, text: 1000 }).silent();
});

test("69 TCP asks with a new segment where there is one [RFC 8985 §7.3]", () => {
  const d = inFlight({ sack: true });
  d.write(3000).silent();

  d.advance(50).out({ seq: 10_001, text: 1000 }).silent();
});

test("69 TCP repairs a lost tail as soon as its probe has arrived [RFC 8985 §7.4]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(7001)).advance(100).out({ seq: 9001 }).silent();
  d.now += 50;

  d.in(ack(7001, [[9001, 10_001]])).advance(13).out({ seq: 7001 })
    .out({ seq: 8001 }).silent();
});

test("69 TCP sends one probe, then waits for the time-out [RFC 8985 §7.2, §7.5]", () => {
  const d = inFlight({ sack: true });
  d.advance(50).out({ seq: 9001 });

  d.advance(199).silent();
  d.advance(2).out({ seq: 1, text: 1000 }).silent();
});

test("69 TCP takes a loss that its probe has repaired for one of congestion [RFC 8985 §7.4.2]", () => {
  const room = (d: Drill): number => {
    d.write(30_000);
    return d.emitted.splice(0).length;
  };
  const repaired = inFlight({ sack: true });
  repaired.advance(50).out({ seq: 9001 });
  repaired.in(ack(10_001)).write(1000).out({ seq: 10_001 });
  repaired.now += 50;
  repaired.in(ack(11_001)).silent();
  assertEquals(room(repaired), 5);

  const late = inFlight({ sack: true });
  late.advance(50).out({ seq: 9001 });
  late.in(ack(10_001, [[9001, 10_001]])).write(1000).out({ seq: 10_001 });
  late.now += 50;
  late.in(ack(11_001)).silent();
  assertEquals(room(late), 20);
});

test("69 TCP without SACK sends no probe [RFC 8985 §3]", () => {
  const d = inFlight({ sack: false });
  d.advance(140).silent();
});

test("70 TCP waits a quarter of the round trip for what was overtaken [RFC 8985 §6.2]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(1, [[1001, 2001]])).advance(12).silent();
  d.in(ack(10_001)).advance(100).silent();

  const lost = inFlight({ sack: true });
  lost.in(ack(1, [[1001, 2001]])).advance(13).out({ seq: 1, text: 1000 })
    .silent();
});

test("70 TCP that has seen packets overtake each other waits although many have arrived [RFC 8985 §6.2 step 4]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(1, [[1001, 2001]])).in(ack(2001)).silent();

  d.in(ack(2001, [[3001, 10_001]])).advance(12).silent();
  d.advance(1).out({ seq: 2001 }).silent();
});

test("TCP finds that what it sent again is lost too, without a time-out [RFC 8985 §6.2 step 5]", () => {
  const d = inFlight({ sack: true });
  d.write(30_000).silent();
  d.in(ack(1, [[1001, 7001]])).out({ seq: 1 });
  assertEquals(d.next().seq, 10_001);
  d.emitted.length = 0;
  d.now += 50;

  d.in(ack(1, [[10_001, 11_001], [1001, 7001]])).out({ seq: 1, text: 1000 });
});

test("TCP waits longer for late packets once the peer has reported duplicates [RFC 8985 §6.2 step 4]", () => {
  const d = inFlight({ sack: true });
  d.in(ack(1, [[1001, 2001]])).advance(13).out({ seq: 1 });
  d.in(ack(2001)).in(ack(2001, [[1, 1001]])).silent();

  d.in(ack(2001, [[3001, 4001]])).advance(20).silent();
  d.advance(20).out({ seq: 2001 }).silent();
});
