import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { splitCommands } from "../../../../src/config/values/words.ts";

Deno.test("splitCommands splits words as a POSIX shell does [C.4]", () => {
  const rows: [string, string[] | undefined][] = [
    ["ip route add default dev tungo", [
      "ip",
      "route",
      "add",
      "default",
      "dev",
      "tungo",
    ]],
    [`sh -c 'echo "$HOME"; true'`, ["sh", "-c", 'echo "$HOME"; true']],
    [`a "b \\" \\\\ \\n $c" ''`, ["a", 'b " \\ \\n $c', ""]],
    [`a\\ b c\\'d`, ["a b", "c'd"]],
    [`a'b'"c"d`, ["abcd"]],
    ["a # b 'c", ["a"]],
    ["a b#c \\#d", ["a", "b#c", "#d"]],
    [" \t\n", []],
    ["# nothing", []],
    ["a; b && c", ["a;", "b", "&&", "c"]],
    ["a 'b", undefined],
    ['a "b\\"', undefined],
  ];
  for (const [text, words] of rows) {
    const expected = words && (words.length === 0 ? [] : [words]);
    assertEquals(splitCommands(text, ""), expected, text);
  }
});

Deno.test("splitCommands cuts commands at separators outside of quotes and comments", () => {
  const text = "a 1; sh -c 'b; c'\n# d; e\n\nf \"\n\"; ;g\\;";
  assertEquals(splitCommands(text, ";\n"), [
    ["a", "1"],
    ["sh", "-c", "b; c"],
    ["f", "\n"],
    ["g;"],
  ]);
});

Deno.test("splitCommands takes any text, and gives back words that were quoted", () => {
  const word = fc.string().filter((word) => !word.includes("'"));
  const words = fc.array(word, { minLength: 1 });
  fc.assert(fc.property(words, fc.string(), (words, text) => {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    assertEquals(splitCommands(quoted, ";\n"), [words]);
    splitCommands(text, ";\n");
  }));
});
