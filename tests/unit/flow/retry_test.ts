import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import { retry } from "../../../src/flow/retry.ts";
import { tcpFlow } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

/** Fails so many times. */
function failing(times: number, dials: number[] = []) {
  return (left: number): Promise<string> => {
    dials.push(left);
    return dials.length <= times
      ? Promise.reject(new DialError("refused", `dial ${dials.length}`))
      : Promise.resolve("reached");
  };
}

Deno.test("retry() tries again until it succeeds, and says why each time", async () => {
  const flow = tcpFlow(streamPair()[0]);
  const dials: number[] = [];
  assertEquals(await retry(flow, 3, failing(2, dials)), "reached");
  assertEquals(dials, [3, 2, 1]);
  assertEquals(flow.trace.map(({ what, because }) => [what, because]), [
    ["once more", "dial 1"],
    ["once more", "dial 2"],
  ]);
});

Deno.test("retry() rejects with the last failure when it has no more tries", async () => {
  const flow = tcpFlow(streamPair()[0]);
  await assertRejects(() => retry(flow, 2, failing(9)), DialError, "dial 3");
  await assertRejects(() => retry(flow, 0, failing(9)), DialError, "dial 1");
});

Deno.test("retry() gives up when the flow is over, and for a mistake of ours", async () => {
  const flow = tcpFlow(streamPair()[0]);
  flow.controller.abort();
  const over = { ...flow, signal: flow.controller.signal };
  await assertRejects(() => retry(over, 2, failing(9)), DialError, "dial 1");
  let dials = 0;
  const mistaken = (): Promise<never> => {
    dials++;
    return Promise.reject(new Error("a mistake"));
  };
  await assertRejects(
    () => retry(tcpFlow(streamPair()[0]), 2, mistaken),
    Error,
    "a mistake",
  );
  assertEquals(dials, 1);
});

Deno.test("retry() tries no other way where a rule has said no", async () => {
  const flow = tcpFlow(streamPair()[0]);
  let dials = 0;
  const attempt = (): Promise<unknown> => {
    dials++;
    const error = new DialError("forbidden", "no", { isDecision: true });
    return Promise.reject(error);
  };
  await assertRejects(() => retry(flow, 3, attempt), DialError, "no");
  assertEquals([dials, flow.trace], [1, []]);
});
