import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

Deno.test("parseArgs reads values behind = and in the next argument", () => {
  assertEquals(parseArgs(["--a=1=2", "--b", "x y"], { string: ["a", "b"] }), {
    _: [],
    a: "1=2",
    b: "x y",
  });
});

Deno.test("parseArgs keeps text as it is and turns other numbers into numbers", () => {
  const args = ["--text=0x10", "--number=0x10", "--word=1a", "1.5", "e"];
  assertEquals<unknown>(parseArgs(args, { string: ["text"] }), {
    _: [1.5, "e"],
    text: "0x10",
    number: 16,
    word: "1a",
  });
});

Deno.test("parseArgs keeps newlines in a value", () => {
  assertEquals(parseArgs(["--a={\n}"], { string: ["a"] }), {
    _: [],
    a: "{\n}",
  });
});

Deno.test("parseArgs gives booleans no value but true and false", () => {
  const boolean = ["a", "b", "c", "d", "e"] as const;
  const args = ["--a", "x", "--b=false", "--c", "false", "--d=0"];
  assertEquals(parseArgs(args, { boolean }), {
    _: ["x"],
    a: true,
    b: false,
    c: false,
    d: true,
    e: false,
  });
});

Deno.test("parseArgs collects repeated options and takes the last of the others", () => {
  const args = ["--L=a", "--O=x", "--L=b", "--O=y"];
  assertEquals(
    parseArgs(args, { string: ["L", "O", "F"], collect: ["L", "F"] }),
    { _: [], L: ["a", "b"], O: "y", F: [] },
  );
});

Deno.test("parseArgs reads an option without a value as true, as empty text where it is text", () => {
  assertEquals<unknown>(parseArgs(["--a", "--b"], { string: ["a"] }), {
    _: [],
    a: "",
    b: true,
  });
});

Deno.test("parseArgs leaves everything behind -- alone", () => {
  assertEquals(parseArgs(["--a=1", "--", "--a=2", "3"], { string: ["a"] }), {
    _: ["--a=2", "3"],
    a: "1",
  });
});
