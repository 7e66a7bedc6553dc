import { assertEquals } from "@std/assert";
import { SendBuffers, SendQueue } from "../../../src/flow/send_queue.ts";

const octets = (length: number, value: number): Uint8Array =>
  new Uint8Array(length).fill(value);

/** A queue whose writes end when the test says so. */
function queue() {
  const writes: Uint8Array[] = [];
  const ends: (() => void)[] = [];
  let sent = 0;
  const queue = new SendQueue(
    (octets, done) => {
      writes.push(octets.slice());
      ends.push(done);
    },
    new SendBuffers(),
    () => sent++,
  );
  const endWrite = (): void => ends.shift()?.();
  return { queue, writes, endWrite, sent: () => sent };
}

Deno.test("SendQueue writes at once where nothing is under way", () => {
  const { queue: sending, writes } = queue();

  sending.push(octets(3, 1));

  assertEquals(writes, [octets(3, 1)]);
  assertEquals(sending.unsent(), 3);
});

Deno.test("SendQueue gathers what comes during a write for the next one", () => {
  const { queue: sending, writes, endWrite, sent } = queue();
  sending.push(octets(1, 1));
  sending.push(octets(2, 2));
  sending.push(octets(2, 3));
  assertEquals(writes.length, 1);

  endWrite();

  assertEquals(writes[1], Uint8Array.of(2, 2, 3, 3));
  assertEquals([sending.unsent(), sent()], [4, 1]);
  endWrite();
  assertEquals([sending.unsent(), sent()], [0, 2]);
});

Deno.test("SendQueue copies what it is given", () => {
  const { queue: sending, writes, endWrite } = queue();
  sending.push(octets(1, 1));
  const lent = octets(4, 2);
  sending.push(lent);
  lent.fill(9);

  endWrite();

  assertEquals(writes[1], octets(4, 2));
});

Deno.test("SendQueue keeps the order of more than a buffer holds", () => {
  const { queue: sending, writes, endWrite } = queue();
  const all = new Uint8Array(700_000).map((_, i) => i % 251);
  for (let at = 0; at < all.length; at += 70_001) {
    sending.push(all.subarray(at, at + 70_001));
  }

  while (sending.unsent() > 0) endWrite();

  const whole = new Uint8Array(all.length);
  let at = 0;
  for (const part of writes) {
    whole.set(part, at);
    at += part.length;
  }
  assertEquals(whole, all);
});
