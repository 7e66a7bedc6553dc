import { assertEquals } from "@std/assert";
import { type Libc, openLibc } from "../../ffi/libc.ts";
import type { Poller } from "../../ffi/poller.ts";
import { KqueuePoller } from "../../ffi/poller_darwin.ts";
import { EpollPoller } from "../../ffi/poller_linux.ts";
import {
  type FakeLibSystem,
  fakeLibSystem,
} from "../support/fake_libsystem.ts";

const EFD_NONBLOCK = 0o4000;
const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

const SYSTEMS = {
  Linux: (libc: Libc) => new EpollPoller(libc),
  macOS: (_: Libc, { lib }: FakeLibSystem) => new KqueuePoller(lib),
};

/** Registers a test for each system's poller; macOS's waits on a fake of its kqueue. */
function pollerTest(
  title: string,
  test: (poller: Poller & AsyncDisposable, libc: Libc) => Promise<void>,
): void {
  for (const [system, open] of Object.entries(SYSTEMS)) {
    Deno.test(`${system}'s poller ${title}`, async () => {
      using libc = openLibc();
      using fake = fakeLibSystem({ libc, batches: true });
      await using poller = open(libc, fake);
      await test(poller, libc);
    });
  }
}

pollerTest(
  "tells each descriptor apart, again and again",
  async (poller, libc) => {
    const fds = Array.from(
      { length: 100 },
      () => libc.eventfd(0, EFD_NONBLOCK),
    );
    const counts = fds.map(() => 0);
    for (let round = 0; round < 3; round++) {
      const waiting = fds.map(async (fd, i) => {
        if (await poller.wait(fd, "readable")) counts[i] = (counts[i] ?? 0) + 1;
        libc.read(fd, new Uint8Array(8), 8);
      });
      for (const fd of fds) libc.write(fd, ONE, 8);
      await Promise.all(waiting);
    }
    for (const fd of fds) {
      poller.forget(fd);
      libc.close(fd);
    }
    assertEquals(counts, fds.map(() => 3));
  },
);

pollerTest("does not take what it waits for", async (poller, libc) => {
  const fd = libc.eventfd(0, EFD_NONBLOCK);
  const writable = await poller.wait(fd, "writable");
  const readable = poller.wait(fd, "readable");
  libc.write(fd, ONE, 8);
  const answers = [writable, await readable];
  answers.push(await poller.wait(fd, "readable"));
  poller.forget(fd);
  libc.close(fd);

  assertEquals(answers, [true, true, true]);
});

pollerTest(
  "answers false for what is forgotten, and lets the rest wait",
  async (poller, libc) => {
    const [a, b] = [libc.eventfd(0, 0), libc.eventfd(0, 0)];
    const first = poller.wait(a, "readable");
    const second = poller.wait(b, "readable");
    poller.forget(a);
    const answers = [await first];
    libc.write(b, ONE, 8);
    answers.push(await second);
    poller.forget(b);
    libc.close(a);
    libc.close(b);

    assertEquals(answers, [false, true]);
  },
);

pollerTest(
  "is not misled by a descriptor whose number is given out again",
  async (poller, libc) => {
    const old = libc.eventfd(0, EFD_NONBLOCK);
    const forgotten = poller.wait(old, "readable");
    // The parked call returns with the old one's event, which nobody here looks at yet.
    await new Promise((resolve) => setTimeout(resolve, 20));
    libc.write(old, ONE, 8);
    const start = performance.now();
    while (performance.now() - start < 20);
    poller.forget(old);
    libc.close(old);
    const young = libc.eventfd(0, EFD_NONBLOCK);
    assertEquals(young, old);
    let ready = false;
    const waiting = poller.wait(young, "readable").then(() => ready = true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const early = ready;
    libc.write(young, ONE, 8);
    await waiting;
    poller.forget(young);
    libc.close(young);

    assertEquals(await forgotten, false);
    assertEquals(early, false);
  },
);

pollerTest("answers false once it is closed", async (poller, libc) => {
  const fd = libc.eventfd(0, EFD_NONBLOCK);
  const waiting = poller.wait(fd, "readable");
  await poller[Symbol.asyncDispose]();
  await poller[Symbol.asyncDispose]();

  assertEquals(await waiting, false);
  assertEquals(await poller.wait(fd, "readable"), false);
  libc.close(fd);
});
