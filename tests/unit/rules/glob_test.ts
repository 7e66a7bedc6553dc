import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compileGlob, matchGlob } from "../../../src/rules/glob.ts";

function matches(pattern: string, text: string): boolean {
  const glob = compileGlob(pattern);
  assert(typeof glob !== "string", `${pattern}: ${glob}`);
  return matchGlob(glob, text);
}

Deno.test("matchGlob matches what GOST's globs match [D.5]", () => {
  const rows: [string, string[], string[]][] = [
    ["", [""], ["a"]],
    ["*", ["", "a", "a.b"], []],
    ["**", ["", "a.b"], []],
    ["a*b*c", ["abc", "axxbyybzc"], ["ab", "abcd"]],
    ["*.example.com", ["a.b.example.com", ".example.com"], ["example.com"]],
    ["??.x", ["ab.x", "😀é.x"], ["a.x", "abc.x"]],
    ["[abc]*", ["a", "bx"], ["d", ""]],
    ["[!abc]*", ["d", "zz"], ["a", ""]],
    ["[a-c]?", ["ax", "cx"], ["dx"]],
    ["[!a-c]?", ["dx"], ["ax"]],
    ["[ab-z]*", ["-", "z", "b"], ["c"]],
    ["[a\\]b]*", ["]", "a"], ["c", "\\"]],
    ["{a,b}.*", ["a.x", "b."], ["c.x", "{a,b}.x"]],
    ["{a*,{b,c}?}x", ["ax", "aaax", "bzx", "czx"], ["bx", "x"]],
    ["{,www.}x*", ["x", "www.x"], ["ww.x"]],
    ["{a,*}*", ["", "a", "ab", "b"], []],
    ["*{a,b", ["a", "xb"], ["c"]],
    ["\\*?", ["*a"], ["ba"]],
    ["a,b}]*", ["a,b}]", "a,b}]c"], ["a"]],
    ["*\\", ["", "a"], []],
  ];
  for (const [pattern, yes, no] of rows) {
    for (const text of yes) {
      assert(matches(pattern, text), `${pattern} ${text}`);
    }
    for (const text of no) {
      assert(!matches(pattern, text), `${pattern} ${text}`);
    }
  }
});

Deno.test("compileGlob says what is wrong", () => {
  const rows = [
    ["*[", 'the bracket has no end: add "]"'],
    ["*[a", 'the bracket has no end: add "]"'],
    ["*[a-", 'the bracket has no end: add "]"'],
    ["*[]", "the bracket is empty"],
    ["*[!]", "the bracket is empty"],
    ["*[z-a]", "the range z-a is empty"],
    ["*[a-z0]", "a bracket holds one range and nothing else: [a-z]"],
  ] as const;
  for (const [pattern, problem] of rows) {
    assertEquals(compileGlob(pattern), problem, pattern);
  }
});

Deno.test("matchGlob agrees with a regular expression of the same meaning", () => {
  const piece = fc.constantFrom(
    ["*", ".*"],
    ["?", "."],
    ["a", "a"],
    ["b", "b"],
    ["[ab]", "[ab]"],
    ["[!a]", "[^a]"],
    ["[a-b]", "[a-b]"],
    ["{a,b*}", "(?:a|b.*)"],
    ["{,a?}", "(?:|a.)"],
  );
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "c"),
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, text) => {
      const glob = pieces.map(([glob]) => glob).join("");
      const regexp = new RegExp(`^${pieces.map(([, r]) => r).join("")}$`);
      assertEquals(matches(glob, text), regexp.test(text), glob);
    }),
  );
});

Deno.test("compileGlob and matchGlob take any text", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(text, text, (pattern, text) => {
    const glob = compileGlob(pattern);
    if (typeof glob !== "string") matchGlob(glob, text);
  }));
});

Deno.test("matchGlob takes linear time where a backtracking matcher takes exponential time", () => {
  assert(!matches("*a".repeat(60) + "*b", "a".repeat(2_000)));
});
