import { assertEquals } from "@std/assert";
import { Thrift } from "../../../src/app/thrift.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function begin() {
  const clock = new ManualClock();
  const given: number[] = [];
  const giveBack = (): void => void given.push(clock.now());
  const thrift = new Thrift({ clock, giveBack });
  const note = (times: number): void => {
    for (let i = 0; i < times; i++) thrift.note();
  };
  return { clock, given, note };
}

Deno.test("Thrift gives memory back once many flows have come or gone and it has been quiet for 2 s", async () => {
  const { clock, given, note } = begin();
  note(512);
  await clock.advance(1500);
  note(1);
  await clock.advance(1999);
  assertEquals(given, []);
  await clock.advance(1);
  assertEquals(given, [3500]);
  await clock.advance(60_000);
  assertEquals(given, [3500]);
});

Deno.test("Thrift disturbs nobody for a few flows", async () => {
  const { clock, given, note } = begin();
  note(511);
  await clock.advance(60_000);
  assertEquals(given, []);

  note(1);
  await clock.advance(2000);
  assertEquals(given.length, 1);
});
