/** The titles of all tests against the table in tests/README.md. */
import { assertEquals } from "@std/assert";

const TESTS = new URL("../", import.meta.url);

interface Row {
  readonly number: string;
  /** Files with a test of this number. */
  readonly files: readonly string[];
  /** There is none, because it is not part of tungo, or not there yet. */
  readonly saysWhyNone: boolean;
}

const rows: readonly Row[] = Deno.readTextFileSync(new URL("README.md", TESTS))
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, number = ""]) => /^(I\.\d|H\.[12] |K\d)/.test(number))
  .map(([, number = "", , tests = ""]) => ({
    number,
    saysWhyNone: /^not (part|yet)/.test(tests),
    files: [...tests.matchAll(/`([^`]+_test\.ts)`/g)].map(([, file = ""]) =>
      file
    ),
  }));

/** What stands in brackets at the end of the titles in a file. */
function numbersIn(path: string): Set<string> {
  const text = Deno.readTextFileSync(new URL(path, TESTS));
  const brackets = text.matchAll(/ \[([^\]\n]+)\]["`],?/g);
  return new Set([...brackets].flatMap(([, all = ""]) => all.split(", ")));
}

function* testFiles(folder: string): Generator<string> {
  for (
    const { name, isDirectory } of Deno.readDirSync(new URL(folder, TESTS))
  ) {
    if (isDirectory) yield* testFiles(`${folder}${name}/`);
    else if (name.endsWith("_test.ts")) yield `${folder}${name}`;
  }
}

Deno.test("the table of numbers misses none of I and K, and has each once", () => {
  const numbers = rows.map(({ number }) => number);
  assertEquals(new Set(numbers).size, numbers.length);
  const vectors = [1, 2, 3, 4, 5, 6, 7].map((i) => `I.1.${i}`);
  const others = [2, 3, 4, 5, 6].map((i) => `I.${i}`);
  const defects = Array.from({ length: 29 }, (_, i) => `K${i + 1}`);
  const expected = [...vectors, ...others, ...defects];
  assertEquals(numbers.filter((number) => /^[IK]/.test(number)), expected);
  const lines = (part: string) =>
    numbers.filter((number) => number.startsWith(part)).length;
  assertEquals([lines("H.1 "), lines("H.2 ")], [26, 37]);
});

Deno.test("each number of the table has a test in each file that the table names", () => {
  for (const { number, files, saysWhyNone } of rows) {
    assertEquals(files.length === 0, saysWhyNone, number);
    for (const file of files) {
      assertEquals(numbersIn(file).has(number), true, `${number} in ${file}`);
    }
  }
});

Deno.test("each number in a title is in the table, with its file", () => {
  const listed = new Set(
    rows.flatMap(({ number, files }) =>
      files.map((file) => `${number} ${file}`)
    ),
  );
  const isNumber = /^(I\.1\.\d|I\.[2-6]|H\.[12] .+|K\d+)$/;
  const missing = ["unit/", "conformance/", "e2e/"]
    .flatMap((folder) => [...testFiles(folder)])
    .flatMap((file) =>
      [...numbersIn(file)].filter((number) => isNumber.test(number))
        .map((number) => `${number} ${file}`)
    )
    .filter((pair) => !listed.has(pair));
  assertEquals(missing, []);
});
