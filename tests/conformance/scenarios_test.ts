import { assertEquals } from "@std/assert";

/** How many scenarios the stack was specified by. */
const SCENARIOS = 124;

/** A test's title when it begins with numbers: `test("48, 49 TCP …`. */
const TITLE = /\btest\(\s*["`](\d+(?:, \d+)*) /g;

function* sources(folder: URL): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (name.endsWith("_test.ts")) {
      yield Deno.readTextFileSync(new URL(name, folder));
    }
  }
}

Deno.test("Every scenario of the specification has a test", () => {
  const tested = new Set<number>();
  for (const source of sources(new URL("../", import.meta.url))) {
    for (const [, numbers = ""] of source.matchAll(TITLE)) {
      for (const number of numbers.split(", ")) tested.add(Number(number));
    }
  }
  const all = Array.from({ length: SCENARIOS }, (_, i) => i + 1);
  assertEquals(all.filter((number) => !tested.has(number)), []);
});
