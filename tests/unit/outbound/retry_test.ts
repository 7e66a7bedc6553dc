import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { reject } from "../../../src/outbound/reject.ts";
import { retry } from "../../../src/outbound/retry.ts";
import { tcpFlow, upstreamOf } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

/** Fails so many times; `dials` counts. */
function failing(times: number): Dialer & { dials: number } {
  const dialer = {
    dials: 0,
    dialStream: () => {
      const error = new DialError("refused", `dial ${++dialer.dials}`);
      return dialer.dials <= times
        ? Promise.reject(error)
        : Promise.resolve(upstreamOf(streamPair()[0]));
    },
    dialDatagram: () =>
      Promise.reject(new DialError("refused", `dial ${++dialer.dials}`)),
  };
  return dialer;
}

Deno.test("retry() dials again until it succeeds", async () => {
  const dialer = failing(2);
  await retry(dialer, 2).dialStream(tcpFlow(streamPair()[0]));
  assertEquals(dialer.dials, 3);
});

Deno.test("retry() rejects with the last failure when it has no more tries", async () => {
  const dialer = failing(9);
  const dial = (): Promise<unknown> =>
    retry(dialer, 2).dialDatagram(tcpFlow(streamPair()[0]));
  await assertRejects(dial, DialError, "dial 3");
  assertEquals(dialer.dials, 3);
});

Deno.test("retry() without retries is the dialer itself", () => {
  const dialer = failing(0);
  assertEquals(retry(dialer, 0) === dialer, true);
});

Deno.test("retry() gives up when the flow is over", async () => {
  const dialer = failing(9);
  const flow = tcpFlow(streamPair()[0]);
  flow.controller.abort(new Error("over"));
  await assertRejects(
    () =>
      retry(dialer, 5).dialStream({ ...flow, signal: flow.controller.signal }),
    DialError,
    "dial 1",
  );
});

Deno.test("retry() tries no other way where a rule has said no", async () => {
  const dialer = reject("node-0");
  let dials = 0;
  const counting: Dialer = {
    ...dialer,
    dialStream: (target) => {
      dials++;
      return dialer.dialStream(target);
    },
  };
  const target = tcpFlow(streamPair()[0]);
  const error = await assertRejects(
    () => retry(counting, 3).dialStream(target),
    DialError,
  );
  assertEquals([dials, error.kind], [1, "forbidden"]);
  assertEquals(target.trace, [
    { by: "node-0", what: "rejected", because: "action: reject" },
  ]);
});
