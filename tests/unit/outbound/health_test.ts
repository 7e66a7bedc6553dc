import { assertEquals } from "@std/assert";
import { Health } from "../../../src/outbound/health.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("Health keeps flows away for failTimeout after maxFails failures in a row, and again after one more [D.7]", async () => {
  const clock = new ManualClock();
  const health = new Health({ maxFails: 2, failTimeout: 10_000, clock });
  health.fail(new Error("down"));
  assertEquals(health.isFailed(), false);
  health.fail(new Error("down"));
  assertEquals(health.isFailed(), true);
  await clock.advance(9_999);
  assertEquals(health.isFailed(), true);
  await clock.advance(1);
  assertEquals(health.isFailed(), false);
  health.fail(new Error("down"));
  assertEquals(health.isFailed(), true);
});

Deno.test("Health counts once what several dials have met with", () => {
  const clock = new ManualClock();
  const health = new Health({ maxFails: 2, failTimeout: 10_000, clock });
  const cause = new Error("the carrier has ended");
  health.fail(new Error("a flow", { cause }));
  health.fail(new Error("another", { cause: new Error("b", { cause }) }));
  assertEquals(health.isFailed(), false);
  health.fail(new Error("something else"));
  assertEquals(health.isFailed(), true);
});

Deno.test("Health forgets failures with a success [D.7]", () => {
  const clock = new ManualClock();
  const health = new Health({ maxFails: 2, failTimeout: 10_000, clock });
  health.fail(new Error("down"));
  health.succeed();
  health.fail(new Error("down"));
  assertEquals(health.isFailed(), false);
});
