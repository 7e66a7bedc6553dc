import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import { withDeadline } from "../../../src/flow/deadline.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const never = new AbortController().signal;

Deno.test("withDeadline() rejects when the time is over, and tells the task", async () => {
  const clock = new ManualClock();
  let told: unknown;
  const result = withDeadline(
    { clock, timeout: 5000, signal: never, what: "Waiting" },
    (signal) => {
      signal.addEventListener("abort", () => told = signal.reason);
      return new Promise<never>(() => {});
    },
  );
  const failed = assertRejects(() => result, DialError, "longer than 5 s");

  await clock.advance(5000);

  const error = await failed;
  assertEquals([error.kind, told], ["timeout", error]);
});

Deno.test("withDeadline() returns what the task returns, and leaves no timer", async () => {
  const clock = new ManualClock();
  const options = { clock, timeout: 5000, signal: never, what: "Waiting" };
  assertEquals(await withDeadline(options, () => Promise.resolve(7)), 7);
  assertEquals(clock.pending(), 0);
});

Deno.test("withDeadline() rejects with the signal's reason, also before it begins", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const options = { clock: new ManualClock(), signal, what: "Waiting" };
  const result = withDeadline(options, () => new Promise<never>(() => {}));
  const failed = assertRejects(() => result, Error, "enough");
  controller.abort(new Error("enough"));
  await failed;

  let begun = false;
  await assertRejects(
    () =>
      withDeadline(options, () => {
        begun = true;
        return Promise.resolve();
      }),
    Error,
    "enough",
  );
  assertEquals(begun, false);
});
