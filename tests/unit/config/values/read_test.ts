import { assertEquals } from "@std/assert";
import {
  mapping,
  type Node,
  scalar,
  sequence,
} from "../../../../src/config/tree/node.ts";
import {
  readBoolean,
  readDuration,
  readInteger,
  readText,
  readTexts,
} from "../../../../src/config/values/read.ts";

const at = { file: "-L", line: 0, column: 0 };

type Given = string | number | boolean | null | readonly Given[];

function node(value: Given): Node {
  return typeof value === "object" && value !== null
    ? sequence(value.map(node), at)
    : scalar(value, at);
}

function rows<T>(
  read: (node: Node) => T | undefined,
  rows: readonly (readonly [Given, T | undefined])[],
): void {
  for (const [given, value] of rows) {
    assertEquals(read(node(given)), value, JSON.stringify(given));
  }
  assertEquals(read(mapping({}, at)), undefined);
}

Deno.test("readBoolean reads what Go reads, and nothing else [A.7, I.2, H.1 durations and booleans]", () => {
  rows(readBoolean, [
    ["true", true],
    ["1", true],
    ["T", true],
    ["True", true],
    [true, true],
    [2, true],
    [["true"], true],
    ["false", false],
    ["0", false],
    ["F", false],
    [0, false],
    [false, false],
    ["yes", undefined],
    ["on", undefined],
    ["tRUE", undefined],
    ["", undefined],
    [null, undefined],
    [["true", "true"], undefined],
  ]);
});

Deno.test("readInteger reads numbers as text and text as numbers [A.7, I.2]", () => {
  rows(readInteger, [
    ["1420", 1420],
    [1420, 1420],
    ["-1", -1],
    [true, 1],
    [null, 0],
    ["", 0],
    ["14a", undefined],
    ["0x10", undefined],
    [1.5, undefined],
    ["1e3", undefined],
    [NaN, undefined],
    [2 ** 60, undefined],
  ]);
});

Deno.test("readDuration reads seconds in metadata [A.7, I.2]", () => {
  rows((node) => readDuration(node, "metadata"), [
    [30, 30_000],
    ["30", 30_000],
    [1.5, 1_500],
    ["1m30s", 90_000],
    ["", 0],
    [null, 0],
    ["abc", undefined],
    ["1e3", undefined],
    [Infinity, undefined],
    [true, undefined],
  ]);
});

Deno.test("readDuration reads large numbers in the schema as nanoseconds, small ones as seconds [A.4]", () => {
  rows((node) => readDuration(node, "schema"), [
    ["30s", 30_000],
    [30, 30_000],
    ["30", 30_000],
    [999_999, 999_999_000],
    [30_000_000_000, 30_000],
    [1_000_000, 1],
    ["1d", undefined],
  ]);
});

Deno.test("readText takes a list of one, and numbers as they were written [A.7, I.2]", () => {
  rows(readText, [
    ["a", "a"],
    [["a"], "a"],
    [[], ""],
    [5, "5"],
    [true, "true"],
    [null, ""],
    [["a", "b"], undefined],
    [[["a"]], undefined],
  ]);
  assertEquals(readText({ ...scalar(123, at), source: "0123" }), "0123");
});

Deno.test("readTexts cuts a text, but not the items of a list [A.7, I.2]", () => {
  rows((node) => readTexts(node)?.map(({ text }) => text), [
    ["a, b,,", ["a", "b"]],
    [["a,b", " c", ""], ["a,b", " c"]],
    [5, ["5"]],
    [null, []],
    [[["a"]], undefined],
  ]);
});
