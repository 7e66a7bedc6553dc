import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import type { Carrier } from "../../../src/outbound/contracts.ts";
import { warm } from "../../../src/outbound/warm.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import {
  readOnce,
  streamPair,
  type TestStream,
} from "../../support/stream_pair.ts";

const REQUEST = new TextEncoder().encode("request");

const NOWHERE: Dialer = {
  dialStream: () => rejected(new Error("not here")),
  dialDatagram: () => rejected(new Error("not here")),
};

/** A node that takes 100 ms to be reached. */
function begin() {
  const clock = new ManualClock();
  /** The node's ends of all carriers. */
  const opened: TestStream[] = [];
  let failure: Error | undefined;
  const transport = warm((_, signal) => {
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise<Carrier>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      clock.callAt(clock.now() + 100, () => {
        const [near, node] = streamPair();
        opened.push(node);
        resolve(wrapStream(near, { roundTrip: 20, isTungo: true }));
      });
    });
  }, clock);
  const { signal } = new AbortController();
  const take = () => transport(NOWHERE, signal);
  return {
    ...{ clock, opened, take },
    prepare: () => transport.prepare?.(NOWHERE),
    /** Two flows, after which one carrier is ready: the third. */
    async twoFlows() {
      for (let i = 0; i < 2; i++) {
        const carrier = take();
        await clock.advance(500);
        await carrier;
      }
      assertEquals(opened.length, 3);
    },
    fail: (error: Error) => failure = error,
  };
}

Deno.test("warm() has a carrier ready for the next flow where flows come", async () => {
  const { opened, take, twoFlows } = begin();
  await twoFlows();

  const third = await take();

  await third.write(REQUEST);
  assertEquals(opened[2]?.text(), "request");
  assertEquals([third.roundTrip, third.isTungo], [20, true]);
  await opened[2]?.write("answer");
  assertEquals(await readOnce(third), "answer");
});

Deno.test("warm() opens nothing more for a flow that comes alone", async () => {
  const { clock, opened, take } = begin();
  for (let i = 0; i < 3; i++) {
    const carrier = take();
    await clock.advance(9_000);
    await carrier;
  }

  assertEquals(opened.length, 3);
});

Deno.test("warm() keeps as many ready as flows come while one is opened", async () => {
  const { clock, opened, take } = begin();
  for (let i = 0; i < 40; i++) {
    void take();
    await clock.advance(25);
  }
  await clock.advance(1000);

  // 40 for the flows; four come in 100 ms, and one more.
  assertEquals(opened.length, 45);
});

Deno.test("warm() lets go of what no flow has come for", async () => {
  const { clock, opened, twoFlows } = begin();
  await twoFlows();

  await clock.advance(8_000);

  assertEquals(opened.length, 3);
  assertEquals(opened[2]?.state(), "The other end was aborted");
  assertEquals(clock.pending(), 0);
});

Deno.test("warm() forgets a carrier that its node has ended", async () => {
  const { clock, opened, take, twoFlows } = begin();
  await twoFlows();
  await opened[2]?.closeWrite();
  await settle();

  const third = take();
  await clock.advance(100);

  await (await third).write(REQUEST);
  assertEquals(opened[3]?.text(), "request");
});

Deno.test("warm() asks a node that cannot be reached no more often than flows do", async () => {
  const { clock, take, fail, opened } = begin();
  fail(new DialError("refused", "nobody listens"));

  await assertRejects(take, DialError, "nobody listens");
  await clock.advance(10_000);

  assertEquals([opened.length, clock.pending()], [0, 0]);
});

Deno.test("warm() gives a flow the carrier that is being made ready when it comes", async () => {
  const { clock, opened, take, twoFlows } = begin();
  await twoFlows();
  await take();
  await clock.advance(50);
  const fourth = take();

  await clock.advance(50);

  await (await fourth).write(REQUEST);
  assertEquals(opened[3]?.text(), "request");
});

Deno.test("warm() gets one carrier ready for a flow that will ask, and no second one", async () => {
  const { clock, opened, take, prepare } = begin();
  prepare();
  prepare();
  const early = take();
  await clock.advance(100);
  assertEquals(opened.length, 1);
  await early;

  prepare();
  await clock.advance(100);
  prepare();
  await clock.advance(100);
  assertEquals(opened.length, 2);
  await take();
  await clock.advance(8000);
});
