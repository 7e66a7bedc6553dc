import { assertEquals } from "@std/assert";
import { Problems } from "../../../../src/config/problems.ts";
import { conform } from "../../../../src/config/tree/conform.ts";
import { readDocument } from "../../../../src/config/tree/document.ts";
import { GOST } from "../../../../src/config/tree/gost.ts";
import { merge } from "../../../../src/config/tree/merge.ts";
import { print } from "../../../../src/config/tree/print.ts";

Deno.test("merge appends lists and takes the later of single objects [A.4, H.1 merge]", () => {
  const problems = new Problems();
  const [first, second] = [
    "services: [{name: a}]\nlog: {level: debug, output: none}\napi: {addr: ':1'}",
    "services: [{name: b}]\nlog: {level: warn}\nbypasses: [{name: x}]",
  ].map((text) =>
    conform(readDocument("a.yaml", text, problems), GOST, problems)
  );

  const merged = first && second && merge(first, second);

  assertEquals(
    merged && print(merged, "yaml"),
    `services:
  - name: a
  - name: b
bypasses:
  - name: x
log:
  level: warn
api:
  addr: :1
`,
  );
});
