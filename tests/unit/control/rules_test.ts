import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../../src/base/errors.ts";
import { formatProblem } from "../../../src/config/problems.ts";
import { beside, decideRule, readRules } from "../../../src/control/rules.ts";

const rulesOf = (...tests: string[]) =>
  readRules("r.yaml", `tests:\n${tests.map((test) => `- ${test}\n`).join("")}`);

Deno.test("readRules() reads what is asked and what is expected", () => {
  const { rules, errors } = rulesOf(
    "example.com → direct via eth0",
    "10.1.2.3:53 udp -> node-0 > node-1",
    '"[::1]:80 sni a.example service tun → rejected"',
  );
  assertEquals(errors, []);
  assertEquals(
    rules.map(({ question, outcome, via }) => [question, outcome, via]),
    [
      [
        { protocol: "tcp", to: { host: "example.com", port: 443 } },
        "direct",
        "eth0",
      ],
      [
        { protocol: "udp", to: { host: "10.1.2.3", port: 53 } },
        "node-0 > node-1",
        undefined,
      ],
      [
        {
          protocol: "tcp",
          to: { host: "::1", port: 80 },
          says: "a.example",
          service: "tun",
        },
        "rejected",
        undefined,
      ],
    ],
  );
  assertEquals(rules[1]?.at, { file: "r.yaml", line: 3, column: 3 });
});

Deno.test("readRules() names each line that is no test", () => {
  const bad = [
    "example.com",
    "→ direct",
    "a →",
    "a → b →",
    "a b → direct",
    "a sni → direct",
    "a:0 → direct",
    "a → b >",
  ];
  const { errors } = rulesOf(...bad);
  assertEquals(
    errors.map(({ at, message }) => [at.line, message.split(":")[0]]),
    bad.map((text, i) => [i + 2, `Cannot read "${text}"`.split(":")[0]]),
  );
});

Deno.test("readRules() names unknown keys, and a file without tests", () => {
  const problems = (text: string) =>
    readRules("r.yaml", text).errors.map(formatProblem);
  assertEquals(problems("test: [a → direct]").length, 1);
  assertEquals(problems("config: a.yaml"), [
    "r.yaml:1:1: Cannot find any tests: write a list of them (tests)",
  ]);
});

Deno.test("decideRule() says at which rule a service is named that is none", async () => {
  const [rule] = rulesOf("a service b → direct").rules;
  if (rule === undefined) throw new Error("no rule");
  const at = { file: "--service", line: 0, column: 0 };
  const decide = () => Promise.reject(new ConfigError("no such", "", at));
  const error = await assertRejects(
    () => decideRule(rule, decide),
    ConfigError,
    "no such",
  );
  assertEquals(error.at, { file: "r.yaml", line: 2, column: 3 });
});

Deno.test("beside() finds a path from where the file is that names it", () => {
  assertEquals(beside("rules.yaml", "a.yaml"), "a.yaml");
  assertEquals(beside("x/rules.yaml", "../a.yaml"), "x/../a.yaml");
  assertEquals(beside("x/rules.yaml", "/a.yaml"), "/a.yaml");
  assertEquals(beside("x/rules.yaml", "-"), "-");
});
