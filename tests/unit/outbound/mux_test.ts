import { assertEquals, assertRejects } from "@std/assert";
import { TruncatedError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import type { Carrier } from "../../../src/outbound/contracts.ts";
import { mux } from "../../../src/outbound/mux.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii, hex } from "../../support/octets.ts";
import { SMUX } from "../../support/smux.ts";
import { streamPair, type TestStream } from "../../support/stream_pair.ts";

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
  const transport = mux(
    (_, signal) =>
      new Promise<Carrier>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        clock.callAt(clock.now() + 100, () => {
          if (failure !== undefined) return reject(failure);
          const [near, node] = streamPair();
          opened.push(node);
          resolve(wrapStream(near, { roundTrip: 20, isTungo: false }));
        });
      }),
    { ...SMUX, version: 1, timeout: 15_000, clock },
  );
  const take = (signal = new AbortController().signal) =>
    transport(NOWHERE, signal);
  return {
    ...{ clock, opened, take, retire: transport.retire },
    fail: (error: Error | undefined) => failure = error,
    /** A flow's carrier, the octets "hi" sent on it. */
    async flow(): Promise<Carrier> {
      const taken = take();
      await clock.advance(100);
      const carrier = await taken;
      await carrier.write(ascii("hi"));
      return carrier;
    },
  };
}

Deno.test("mux() opens one carrier for flows that come while it is opened, and after", async () => {
  const { clock, opened, take, flow } = begin();
  const early = [take(), take(), take()];
  await clock.advance(100);
  const carriers = await Promise.all(early);
  await flow();
  assertEquals(opened.length, 1);
  assertEquals(
    carriers.map(({ roundTrip, isTungo }) => [roundTrip, isTungo]),
    Array(3).fill([20, false]),
  );
});

Deno.test("mux() goes on opening a carrier when one of the flows that wait gives up", async () => {
  const { clock, opened, take } = begin();
  const controller = new AbortController();
  const given = take(controller.signal);
  const other = take();
  controller.abort(new Error("enough"));
  await assertRejects(() => given, Error, "enough");
  await clock.advance(100);
  await other;
  assertEquals(opened.length, 1);
});

Deno.test("mux() tells all flows that wait the same when the node cannot be reached, and dials again for the next one", async () => {
  const { clock, opened, take, flow, fail } = begin();
  const failure = new Error("no route");
  fail(failure);
  const waiting = [take(), take()];
  await clock.advance(100);
  for (const flow of waiting) {
    assertEquals(await flow.catch((error) => error), failure);
  }
  fail(undefined);
  await flow();
  assertEquals(opened.length, 1);
});

Deno.test("mux() ends only the flows of a carrier that has ended, and opens another", async () => {
  const { opened, flow } = begin();
  const old = await flow();
  await opened[0]?.closeWrite();
  await assertRejects(() => old.read(() => {}), TruncatedError);
  const young = await flow();
  assertEquals(opened.length, 2);
  await young.write(ascii("!"));
});

Deno.test("mux() learns that the node is a tungo", async () => {
  const { opened, flow } = begin();
  await flow();
  await opened[0]?.write(hex("0103000074756e67"));
  assertEquals((await flow()).isTungo, true);
});

Deno.test("mux() lets no more streams begin at once than GOST takes in, unless the node is a tungo", async () => {
  const { clock, opened, take, flow } = begin();
  await flow();
  let open = 0;
  for (let i = 0; i < 100; i++) void take().then(() => open++);
  await settle();
  assertEquals(open, 63);
  // The first one of all has been heard of, and the others have waited long enough.
  await opened[0]?.write(hex("0102020003000000 6f6b"));
  await settle();
  assertEquals(open, 64);
  await clock.advance(100);
  assertEquals(open, 100);

  await opened[0]?.write(hex("0103000074756e67"));
  for (let i = 0; i < 100; i++) void take().then(() => open++);
  await settle();
  assertEquals(open, 200);
  assertEquals(clock.pending(), 1);
});

Deno.test("mux() lets nobody wait for a carrier that has ended, nor who gives up", async () => {
  const { opened, take, flow } = begin();
  await flow();
  for (let i = 0; i < 63; i++) await take();
  const controller = new AbortController();
  const given = take(controller.signal);
  const last = take();
  controller.abort(new Error("enough"));
  await assertRejects(() => given, Error, "enough");
  await opened[0]?.closeWrite();
  const carrier = await last;
  await assertRejects(() => carrier.write(ascii("late")), TruncatedError);
});

Deno.test("mux() trusts no carrier that has been silent for longer than its peer would be", async () => {
  const { clock, opened, flow } = begin();
  const old = await flow();
  await clock.advance(16_000);
  await flow();
  assertEquals(opened.length, 2);
  // The old one lives as long as its flow.
  await opened[0]?.write(hex("0102020003000000 6f6b"));
  let answer = "";
  await old.read((octets) => answer = octets.toHex());
  assertEquals(answer, "6f6b");
  old.abort(new Error("enough"));
  assertEquals(opened[0]?.state(), "The other end was aborted");
  assertEquals(opened[1]?.state(), "open");
});

Deno.test("mux() that is retired ends its carrier with the last of its flows", async () => {
  const { clock, opened, flow, retire } = begin();
  const first = await flow();
  retire();
  await first.write(ascii("still"));
  assertEquals(opened[0]?.state() === "open", true);
  const late = await flow();
  await clock.advance(0);
  assertEquals(opened.length, 2);
  for (const carrier of [first, late]) carrier.abort(new Error("done"));
  await clock.advance(0);
  assertEquals(opened.filter((node) => node.state() === "open"), []);
});
