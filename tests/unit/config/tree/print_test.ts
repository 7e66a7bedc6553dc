import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Problems } from "../../../../src/config/problems.ts";
import { conform } from "../../../../src/config/tree/conform.ts";
import { readDocument } from "../../../../src/config/tree/document.ts";
import { GOST } from "../../../../src/config/tree/gost.ts";
import { type Format, print } from "../../../../src/config/tree/print.ts";
import type { Kind, Shape } from "../../../../src/config/tree/shape.ts";

function printed(text: string, format: Format): string {
  const problems = new Problems();
  const document = readDocument("a.yaml", text, problems);
  const output = print(conform(document, GOST, problems), format);
  assertEquals(problems.errors(), []);
  return output;
}

const EXAMPLE = `
log: {level: debug}
services:
- handler:
    metadata: {sniffing: true, b: "1420", a: [x, 1], empty: ""}
    auth: {}
    type: tungo
  name: service-0
  metadata: {}
chains:
- name: chain-0
  hops:
  - name: hop-0
    nodes: []
    selector: {failTimeout: 90s}
limiters: [{name: l, limits: ["$ 1MB "]}]
`;

Deno.test("print writes YAML as GOST does: two spaces, empty values left out, durations of Go [H.1 -O]", () => {
  assertEquals(
    printed(EXAMPLE, "yaml"),
    `services:
  - name: service-0
    handler:
      type: tungo
      auth: {}
      metadata:
        a:
          - x
          - 1
        b: "1420"
        empty: ""
        sniffing: true
chains:
  - name: chain-0
    hops:
      - name: hop-0
        selector:
          strategy: ""
          maxFails: 0
          failTimeout: 1m30s
limiters:
  - name: l
    limits:
      - "$ 1MB "
log:
  level: debug
`,
  );
});

Deno.test("print writes JSON as GOST does: durations in nanoseconds [H.1 -O]", () => {
  const { chains } = JSON.parse(printed(EXAMPLE, "json"));
  assertEquals(chains[0].hops[0].selector, {
    strategy: "",
    maxFails: 0,
    failTimeout: 90_000_000_000,
  });
});

Deno.test("print writes an empty list of services", () => {
  assertEquals(printed("", "yaml"), "services: []\n");
});

/** Any value of a kind, as YAML would give it. */
function valueOf(kind: Kind): fc.Arbitrary<unknown> {
  if (typeof kind === "object" && "list" in kind) {
    return fc.array(objectOf(kind.list), { maxLength: 2 });
  }
  if (typeof kind === "object") return objectOf(kind.object);
  const metadata = fc.dictionary(
    fc.constantFrom("a", "b.c", "D"),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
    { noNullPrototype: true },
  );
  switch (kind) {
    case "text":
    case "text!":
      return fc.string();
    case "integer":
    case "integer!":
      return fc.integer();
    case "boolean":
      return fc.boolean();
    case "duration":
    case "duration!":
      return fc.integer({ min: -1e9, max: 1e9 }).map((ms) => `${ms}ms`);
    case "texts":
      return fc.array(fc.string(), { maxLength: 3 });
    case "map":
      return fc.dictionary(fc.constantFrom("a", "B"), fc.string(), {
        noNullPrototype: true,
      });
    case "anything":
      return metadata;
  }
}

function objectOf(shape: Shape): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(shape).map(([key, kind]) =>
    fc.option(valueOf(kind), { nil: undefined, freq: 2 }).map((value) =>
      [key, value] as const
    )
  );
  return fc.tuple(...fields).map((entries) =>
    Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  );
}

Deno.test("print(read(print(x))) = print(x)", () => {
  const { services, bypasses, chains, log, tls } = GOST;
  const shape = { services, bypasses, chains, log, tls } as Shape;
  const format = fc.constantFrom<Format>("yaml", "json");
  fc.assert(
    fc.property(objectOf(shape), format, format, (value, first, second) => {
      const once = printed(JSON.stringify(value), first);
      assertEquals(
        printed(once, second),
        printed(JSON.stringify(value), second),
      );
    }),
    { numRuns: 30 },
  );
});
