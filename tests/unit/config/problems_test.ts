import { assertEquals, assertStrictEquals } from "@std/assert";
import { ConfigError } from "../../../src/base/errors.ts";
import { formatProblem, Problems } from "../../../src/config/problems.ts";

function place(file: string, line: number, column: number, path = "a") {
  return { path, at: { file, line, column } };
}

Deno.test("Problems counts the same sentence of the same place once", () => {
  const problems = new Problems();
  problems.error("x", place("f", 1, 2, "a"));
  problems.error("x", place("f", 1, 2, "b"));
  problems.error("y", place("f", 1, 2));
  problems.warn("x", place("f", 2, 2));
  assertEquals(problems.errors().map(formatProblem), [
    "f:1:2: x (a)",
    "f:1:2: y (a)",
  ]);
  assertEquals(problems.warnings().map(formatProblem), ["f:2:2: x (a)"]);
});

Deno.test("Problems keeps the order of files, and of lines in them", () => {
  const problems = new Problems();
  problems.error("1", place("g", 9, 1));
  problems.error("2", place("f", 2, 3));
  problems.error("3", place("g", 2, 8));
  problems.error("4", place("f", 2, 1));
  problems.error("5", place("g", 9, 1));
  assertEquals(problems.errors().map(({ message }) => message), [
    "3",
    "1",
    "5",
    "4",
    "2",
  ]);
});

Deno.test("Problems makes ConfigErrors", () => {
  const problems = new Problems();
  const here = place("-L", 0, 0, "");
  problems.error("x", here);
  const [error] = problems.errors();
  assertEquals(error instanceof ConfigError, true);
  assertStrictEquals(error?.at, here.at);
  assertEquals(error && formatProblem(error), "-L: x");
});
