import { assertEquals, assertMatch } from "@std/assert";
import { parse } from "yaml";
import { buildDecider } from "../../src/app/decider.ts";
import { jsonSchema } from "../../src/config/tree/json_schema.ts";
import { decideRule, readRules } from "../../src/control/rules.ts";
import { judge } from "../../src/control/verdict.ts";
import { configOf, errorsOf, warningsOf } from "../support/config.ts";
import { testContext } from "../support/context.ts";
import { violations } from "../support/json_schema.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { silentLog } from "../support/silent_log.ts";

const FOLDER = "examples";

/** The only thing that an example may be warned of: GOST's tutorial verifies nothing. */
const UNVERIFIED = /Does not verify the certificate/;

function examples(): readonly string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name !== "rules.yaml");
}

const text = (name: string): string =>
  Deno.readTextFileSync(`${FOLDER}/${name}`);

for (const name of examples()) {
  Deno.test(`examples/${name} is a configuration, also for the JSON Schema that it names`, () => {
    const yaml = text(name);
    assertEquals(errorsOf({ yaml }), []);
    for (const warning of warningsOf({ yaml })) {
      assertMatch(warning, UNVERIFIED);
    }
    assertMatch(
      yaml,
      /^# yaml-language-server: \$schema=\.\.\/docs\/tungo\.schema\.json\n/,
    );
    assertEquals(violations(parse(yaml), jsonSchema()), []);
  });
}

Deno.test("examples/rules.yaml says what its configuration does", async () => {
  const { configs, rules, errors } = readRules(
    "rules.yaml",
    text("rules.yaml"),
  );
  assertEquals(errors, []);
  const decide = await buildDecider({
    config: configOf({ yaml: text(configs[0] ?? "") }),
    platform: testContext(() => {
      throw new Error("nothing is dialled");
    }).platform,
    clock: new ManualClock(),
    log: silentLog,
  });
  for (const rule of rules) {
    const { passed, text } = judge(rule, await decideRule(rule, decide));
    assertEquals([passed, text], [true, text]);
  }
});
