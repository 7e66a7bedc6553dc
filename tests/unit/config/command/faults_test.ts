import { assertEquals } from "@std/assert";
import { ConfigError } from "../../../../src/base/errors.ts";
import { parseFaults } from "../../../../src/config/command/faults.ts";

Deno.test("parseFaults reads shares with and without per cent, and a seed", () => {
  assertEquals(parseFaults("loss=1%,reorder=0.02,duplicate=.5%,seed=7"), {
    ...{ loss: 0.01, reorder: 0.02, duplicate: 0.005, seed: 7 },
  });
  assertEquals(parseFaults("loss=100%"), {
    ...{ loss: 1, reorder: 0, duplicate: 0 },
  });
});

Deno.test("parseFaults says what is wrong and what would do", () => {
  const rows = [
    [
      "delay=5ms",
      'Unknown fault "delay": write loss, reorder, duplicate or seed',
    ],
    ["", 'Unknown fault "": write loss, reorder, duplicate or seed'],
    ["loss", 'Cannot use "" as loss: write a share like 1% or 0.01'],
    ["loss=101%", 'Cannot use "101%" as loss: write a share like 1% or 0.01'],
    ["loss=1", undefined],
    ["seed=x", 'Cannot use "x" as seed: write a whole number'],
  ] as const;
  for (const [text, message] of rows) {
    const read = parseFaults(text);
    const said = read instanceof ConfigError ? read.message : undefined;
    assertEquals(said, message, text);
  }
});
