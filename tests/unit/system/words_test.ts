import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { splitWords } from "../../../src/system/words.ts";

Deno.test("splitWords splits as POSIX shells do, without expansions", () => {
  const rows: [string, string[] | undefined][] = [
    ["", []],
    ["   \t ", []],
    ["ip route delete default", ["ip", "route", "delete", "default"]],
    ["  a \t b\n", ["a", "b"]],
    ["echo 'a b' \"c d\"", ["echo", "a b", "c d"]],
    ["a'b c'd\"e f\"g", ["ab cde fg"]],
    ["echo '' \"\"", ["echo", "", ""]],
    ["a\\ b \\'c \\\\", ["a b", "'c", "\\"]],
    ["'a\\'", ["a\\"]],
    ['"a\\"b"', ['a"b']],
    ["sh -c 'echo $HOME | wc'", ["sh", "-c", "echo $HOME | wc"]],
    ["echo $HOME * ; true", ["echo", "$HOME", "*", ";", "true"]],
    ["# nothing", []],
    ["a # b\nc", ["a", "c"]],
    ["a#b 'c'#d \\#e", ["a#b", "c#d", "#e"]],
    ["a ' b", undefined],
    ['a " b', undefined],
    ["a \\", undefined],
    ['"\\', undefined],
  ];
  for (const [text, expected] of rows) {
    assertEquals(splitWords(text), expected, JSON.stringify(text));
  }
});

Deno.test("splitWords(quoted words) = words", () => {
  fc.assert(fc.property(fc.array(fc.string()), (words) => {
    const single = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const escaped = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`);
    assertEquals(splitWords(single.join(" ")), words);
    assertEquals(splitWords(escaped.join("\t")), words);
  }));
});
