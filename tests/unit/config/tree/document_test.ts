import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { stringify } from "yaml";
import { formatProblem, Problems } from "../../../../src/config/problems.ts";
import { readDocument } from "../../../../src/config/tree/document.ts";
import type { Node } from "../../../../src/config/tree/node.ts";

type Plain = string | number | boolean | null | Plain[] | {
  [k: string]: Plain;
};

function plain(node: Node): Plain {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "sequence":
      return node.items.map(plain);
    case "mapping":
      return Object.fromEntries(
        node.entries.map(({ key, value }) => [key, plain(value)]),
      );
  }
}

function read(text: string): { value: Plain; errors: readonly string[] } {
  const problems = new Problems();
  const value = plain(readDocument("a.yaml", text, problems));
  return { value, errors: problems.errors().map(formatProblem) };
}

Deno.test("readDocument reads YAML 1.2 and JSON", () => {
  const rows: [string, Plain][] = [
    ["", {}],
    ["# nothing\n", {}],
    ["\ufeffa: 1", { a: 1 }],
    ["a: yes\nb: true\nc:\nd: 0x10\ne: '5'", {
      a: "yes",
      b: true,
      c: null,
      d: 16,
      e: "5",
    }],
    ['{\n\t"a": [1, "b\\/"],\n\t"c": {}\n}', { a: [1, "b/"], c: {} }],
    ["1: a\ntrue: b", { "1": "a", true: "b" }],
    ["a: &x [1]\nb: *x", { a: [1], b: [1] }],
    ["a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {
      a: { p: 1, q: 2 },
      b: { q: 3, p: 1 },
    }],
    ["a: {<<: [{p: 1}, {p: 2, q: 2}]}", { a: { p: 1, q: 2 } }],
    ["a: &x 1\nb: &o [&x 2]\nc: &x 3\nd: *o\ne: *x", {
      a: 1,
      b: [2],
      c: 3,
      d: [2],
      e: 3,
    }],
  ];
  for (const [text, value] of rows) {
    assertEquals(read(text), { value, errors: [] }, text);
  }
});

Deno.test("readDocument knows where everything stands", () => {
  const document = readDocument("a.yaml", "a:\n  - b: c\n", new Problems());
  assertEquals(document, {
    kind: "mapping",
    at: { file: "a.yaml", line: 1, column: 1 },
    entries: [{
      key: "a",
      at: { file: "a.yaml", line: 1, column: 1 },
      value: {
        kind: "sequence",
        at: { file: "a.yaml", line: 2, column: 3 },
        items: [{
          kind: "mapping",
          at: { file: "a.yaml", line: 2, column: 5 },
          entries: [{
            key: "b",
            at: { file: "a.yaml", line: 2, column: 5 },
            value: {
              kind: "scalar",
              value: "c",
              at: { file: "a.yaml", line: 2, column: 8 },
            },
          }],
        }],
      },
    }],
  });
});

Deno.test("readDocument keeps numbers and booleans as they were written", () => {
  const problems = new Problems();
  const { entries } = readDocument(
    "a.yaml",
    "a: 0123\nb: TRUE\nc: 7",
    problems,
  );
  assertEquals(
    entries.map(({ value }) => value.kind === "scalar" && value.source),
    ["0123", "TRUE", undefined],
  );
});

Deno.test("readDocument says what it cannot read, and where", () => {
  const rows: [string, string][] = [
    [
      "a: 1\na: 2",
      "a.yaml:2:1: Cannot read this as YAML: Map keys must be unique",
    ],
    [
      "a: [",
      "a.yaml:1:5: Cannot read this as YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["a: 1\nA: 2", "a.yaml:2:1: Cannot use a key twice, and keys have no case"],
    [
      "a: *x",
      "a.yaml:1:4: Cannot find the anchor of this alias: a value that starts with * needs quotes",
    ],
    ["? [a]\n: 1", "a.yaml:1:3: Cannot use this as a key: it must be a text"],
    [
      "a: {<<: 1}",
      "a.yaml:1:5: Cannot merge this: << takes a mapping or a list of them",
    ],
    [
      "a: !x 1",
      "a.yaml:1:4: Cannot read this as YAML: a value that starts with ! needs quotes",
    ],
    ["a: 1\n---\na: 2", "a.yaml:2:1: Cannot read two documents of one file"],
    [
      "- a",
      "a.yaml:1:1: Cannot find any keys: a configuration is a mapping like services: […]",
    ],
    [
      "text",
      "a.yaml:1:1: Cannot find any keys: a configuration is a mapping like services: […]",
    ],
  ];
  for (const [text, error] of rows) assertEquals(read(text).errors, [error]);
});

Deno.test("readDocument survives nesting, aliases of aliases and an alias of itself", () => {
  const deep = "[".repeat(200) + "]".repeat(200);
  assertEquals(read(`a: ${deep}`).errors, [
    "a.yaml:1:103: Cannot read more than 100 levels of nesting",
  ]);
  const bomb = Array.from(
    { length: 9 },
    (_, i) =>
      `a${i}: &a${i} [${Array(10).fill(i === 0 ? "x" : `*a${i - 1}`).join()}]`,
  );
  const { errors } = read(bomb.join("\n"));
  assertEquals(
    errors.every((error) =>
      error.endsWith("Cannot read more than 100000 values behind aliases")
    ),
    true,
  );
  assertEquals(errors.length > 0, true);
  assertEquals(read("a: &x [*x]").errors, [
    "a.yaml:1:8: Cannot read more than 100 levels of nesting",
  ]);
});

Deno.test("readDocument takes any text", () => {
  const text = fc.string({
    unit: fc.constantFrom(..."ab:-[]{},&*#'\"|>!? \n\t1<"),
  });
  fc.assert(fc.property(text, (text) => {
    readDocument("a.yaml", text, new Problems());
  }));
});

Deno.test("readDocument never quotes the document's values", () => {
  const piece = fc.oneof(
    fc.constantFrom("hunter2", " hunter2", "a: ", "b:\n  ", "- ", "\n"),
    fc.constantFrom(..."\"'{}[],&*!|>%\t#@`\\:?"),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
    for (const error of read(pieces.join("")).errors) {
      assertEquals(error.includes("hunter2"), false, error);
    }
  }));
});

Deno.test("readDocument(stringify(x)) = x", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "-", "1") });
  const value = fc.letrec<{ value: Plain }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(fc.property(
    fc.dictionary(key, value, { minKeys: 1, noNullPrototype: true }),
    fc.boolean(),
    (value, json) => {
      const text = json ? JSON.stringify(value) : stringify(value);
      assertEquals(read(text), { value, errors: [] });
    },
  ));
});
