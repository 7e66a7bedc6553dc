import { assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/libc.ts";
import { EpollSweep } from "../../ffi/sweep_linux.ts";

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Longer than what lies between two sweeps. */
async function sweepAgain(sweep: EpollSweep): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2));
  sweep.turn();
}

Deno.test("EpollSweep tells of each arrival once, and of none once it is disposed", async () => {
  using libc = openLibc();
  using sweep = new EpollSweep(libc);
  const fd = libc.eventfd(0, 0);
  let arrivals = 0;
  const watching = sweep.watch(fd, () => arrivals++);
  await sweepAgain(sweep);
  assertEquals(arrivals, 0);

  libc.write(fd, ONE, ONE.length);
  await sweepAgain(sweep);
  await sweepAgain(sweep);
  assertEquals(arrivals, 1);

  libc.write(fd, ONE, ONE.length);
  await sweepAgain(sweep);
  assertEquals(arrivals, 2);

  watching[Symbol.dispose]();
  libc.write(fd, ONE, ONE.length);
  await sweepAgain(sweep);
  assertEquals(arrivals, 2);
  libc.close(fd);
});

Deno.test("EpollSweep leaves a number that was given out again to its new owner", async () => {
  using libc = openLibc();
  using sweep = new EpollSweep(libc);
  const first = libc.eventfd(0, 0);
  const old = sweep.watch(first, () => {});
  libc.close(first);
  const second = libc.eventfd(0, 0);
  assertEquals(second, first);
  let arrivals = 0;
  using _watching = sweep.watch(second, () => arrivals++);
  old[Symbol.dispose]();

  libc.write(second, ONE, ONE.length);
  await sweepAgain(sweep);

  assertEquals(arrivals, 1);
  libc.close(second);
});
