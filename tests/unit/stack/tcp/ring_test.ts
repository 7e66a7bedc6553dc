import { assertEquals } from "@std/assert";
import { BufferPool } from "../../../../src/stack/buffer_pool.ts";
import { Ring } from "../../../../src/stack/tcp/ring.ts";

const KIB = 1024;

Deno.test("Ring takes at once as much as it needed before it was released, and less when it needs less", () => {
  const pool = new BufferPool();
  const ring = new Ring(pool);
  ring.ensure(100 * KIB);
  ring.release();
  assertEquals(pool.inUse(), 0);

  ring.ensure(5 * KIB);
  assertEquals(pool.inUse(), 128 * KIB);
  ring.release();

  ring.ensure(5 * KIB);
  assertEquals(pool.inUse(), 8 * KIB);
});

Deno.test("Ring keeps what is in it when it grows, and gives the smaller buffer back", () => {
  const pool = new BufferPool();
  const ring = new Ring(pool);
  ring.ensure(4 * KIB);
  ring.write(0, new Uint8Array(4 * KIB).fill(1));
  ring.drop(3 * KIB);
  ring.write(KIB, new Uint8Array(3 * KIB).fill(2));

  ring.ensure(5 * KIB);

  const octets: number[] = [];
  ring.lend(4 * KIB, (part) => octets.push(...part));
  assertEquals(octets, [
    ...new Array(KIB).fill(1),
    ...new Array(3 * KIB).fill(2),
  ]);
  assertEquals(pool.inUse(), 8 * KIB);
});
