import { assertEquals } from "@std/assert";
import type { Decision, Way } from "../../../src/control/decision.ts";
import { readRules } from "../../../src/control/rules.ts";
import { judge } from "../../../src/control/verdict.ts";
import { tungoOf } from "../../support/config.ts";

const service = tungoOf({ L: ["tungo://:0"] });
const target = { host: "a", port: 443 };
const DIRECT: Way = { nodes: [], interfaces: ["eth0", "eth1"], target };
const node = (name: string) => ({ name, way: "relay+tcp b:1", at: "-F" });
const STEPS = [{ by: "hop-0", what: "direct", because: "a matches a, -F" }];

/** What a rule says of `way`. */
function verdict(expected: string, way: Way | undefined): string {
  const { rules: [rule] } = readRules("r.yaml", `tests: ["a → ${expected}"]`);
  if (rule === undefined) throw new Error("no rule");
  const steps: Decision["steps"] = way === DIRECT ? STEPS : [];
  return judge(rule, { service, steps, way }).text;
}

Deno.test("judge() accepts the way that is expected, by the interface that is tried first", () => {
  const through = { ...DIRECT, nodes: [node("n"), node("m")] };
  const rows: [string, Way | undefined][] = [
    ["direct", DIRECT],
    ["direct via eth0", DIRECT],
    ["n > m", through],
    ["n > m via eth0", through],
    ["rejected", undefined],
  ];
  for (const [expected, way] of rows) {
    assertEquals(verdict(expected, way), `ok      r.yaml:1:9: a → ${expected}`);
  }
});

Deno.test("judge() says which way it is instead, and why", () => {
  const why = "It goes direct via eth0: hop-0: direct (a matches a, -F)";
  for (const expected of ["n", "rejected", "direct via eth1"]) {
    assertEquals(
      verdict(expected, DIRECT),
      `FAILED  r.yaml:1:9: a → ${expected}\n        ${why}`,
    );
  }
  const lone = { ...DIRECT, interfaces: [], nodes: [node("n")] };
  assertEquals(
    verdict("m", lone).split("\n")[1]?.trim(),
    "It goes through n: no rule applies",
  );
  assertEquals(
    verdict("m", undefined).split("\n")[1]?.trim(),
    "It is turned down: no rule applies",
  );
});
