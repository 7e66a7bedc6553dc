import { assertEquals } from "@std/assert";
import { Upkeep } from "../../../src/app/upkeep.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("Upkeep repeats a task between start and stop, each time after the one before has ended", async () => {
  const clock = new ManualClock();
  const upkeep = new Upkeep(clock);
  const ends: (() => void)[] = [];
  upkeep.every(1000, () => new Promise((resolve) => ends.push(resolve)));
  await clock.advance(5000);
  assertEquals(ends.length, 0);
  upkeep.start();
  await clock.advance(5000);
  assertEquals(ends.length, 1);
  ends[0]?.();
  await clock.advance(1000);
  assertEquals(ends.length, 2);
  upkeep.stop();
  ends[1]?.();
  await clock.advance(5000);
  assertEquals([ends.length, clock.pending()], [2, 0]);
});

Deno.test("Upkeep starts at once what is added while it runs", () => {
  const upkeep = new Upkeep(new ManualClock());
  upkeep.start();
  const seen: string[] = [];
  upkeep.add(() => {
    seen.push("start");
    return { [Symbol.dispose]: () => void seen.push("stop") };
  });
  assertEquals(seen, ["start"]);
  upkeep.stop();
  assertEquals(seen, ["start", "stop"]);
});
