import { ConfigError } from "../base/errors.ts";
import type { Command } from "../config/command/options.ts";
import type { Config } from "../config/schema.ts";
import type { Decider, Question } from "../control/decision.ts";
import { explain } from "../control/explain.ts";
import { parseDestination } from "../control/question.ts";
import { beside, decideRule, readRules } from "../control/rules.ts";
import { judge } from "../control/verdict.ts";
import { checkConfig } from "./check_config.ts";
import type { Platform } from "./context.ts";
import { buildDecider } from "./decider.ts";
import { ConfigSources, readFile } from "./load_config.ts";
import { openLog } from "./open_log.ts";
import { complain, type ExitCode, say } from "./say.ts";
import { showPlan } from "./show_plan.ts";
import { systemClock } from "./system_clock.ts";

// What stands in front of the options: each ends with an exit code, and starts nothing.

interface VerbCommand extends Command {
  /** Arguments of -C. */
  readonly C: readonly string[];
  /** Words that are no options. */
  readonly _: readonly (string | number)[];
}

interface UpCommand extends VerbCommand {
  readonly plan: boolean;
  readonly os?: string;
}

interface ExplainCommand extends VerbCommand {
  readonly udp: boolean;
  readonly sni?: string;
  readonly service?: string;
}

type OpenPlatform = () => Platform & AsyncDisposable;

/** Says all that is wrong, with the files that the configuration names as well. */
export async function check(command: VerbCommand): Promise<ExitCode> {
  const C = [...command.C, ...command._.map(String)];
  const read = await sourcesOf({ ...command, C }).load();
  const code = complain(read);
  if (read.config === undefined) return code;
  const log = openLog({
    level: "warn",
    format: "text",
    output: { type: "stderr" },
  });
  const errors = await checkConfig(read.config, { clock: systemClock(), log });
  return complain({ errors, warnings: [] });
}

/** What a start with these options would do to the machine, for people and for other machines to look at. */
export async function up(command: UpCommand): Promise<ExitCode> {
  if (!command.plan) {
    throw misused(
      "up",
      "Cannot start by this word yet: write --plan behind it to see what a start would do, or leave it out to start",
    );
  }
  const read = await sourcesOf(command).load();
  const code = complain(read);
  if (read.config === undefined) return code;
  const plan = showPlan(read.config, command.os ?? Deno.build.os);
  if (plan instanceof ConfigError) throw plan;
  return say(plan);
}

/** Says what would become of a flow. */
export async function explainFlow(
  command: ExplainCommand,
  openPlatform: OpenPlatform,
): Promise<ExitCode> {
  const [word, ...more] = command._;
  const to = parseDestination(String(word ?? ""));
  if (to === undefined || more.length > 0) {
    throw misused("explain", "Name one destination: HOST[:PORT]");
  }
  const read = await sourcesOf(command).load();
  if (read.config === undefined) return complain(read);
  const { udp, sni, service } = command;
  const question: Question = {
    protocol: udp ? "udp" : "tcp",
    to,
    ...(sni === undefined ? {} : { says: sni }),
    ...(service === undefined ? {} : { service }),
  };
  await using platform = openPlatform();
  const decide = await deciderOf(read.config, platform);
  return say(explain(question, await decide(question)));
}

/** Holds files of rules against a configuration, theirs or the one that options name. */
export async function test(
  command: VerbCommand,
  openPlatform: OpenPlatform,
): Promise<ExitCode> {
  const files = command._.map(String);
  if (files.length === 0) throw misused("test", "Name a file of rules");
  let failed = 0;
  let passed = 0;
  for (const file of files) {
    const { configs, rules, errors } = readRules(file, await readFile(file));
    if (errors.length > 0) return complain({ errors, warnings: [] });
    const named = command.C.length + command.L.length > 0;
    const C = named ? command.C : configs.map((path) => beside(file, path));
    const read = await sourcesOf({ ...command, C }).load();
    if (read.config === undefined) return complain(read);
    await using platform = openPlatform();
    const decide = await deciderOf(read.config, platform);
    for (const rule of rules) {
      const verdict = judge(rule, await decideRule(rule, decide));
      say(`${verdict.text}\n`);
      if (verdict.passed) passed++;
      else failed++;
    }
  }
  say(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

/** Decides by what the machine's routes are now. */
function deciderOf(config: Config, platform: Platform): Promise<Decider> {
  const log = openLog({ ...config.log, output: { type: "none" } });
  return buildDecider({ config, platform, clock: systemClock(), log });
}

/** The command line does not say what is needed. */
export function misused(verb: string, message: string): ConfigError {
  return new ConfigError(message, "", { file: verb, line: 0, column: 0 });
}

/** What the options say of a configuration. */
export function sourcesOf(
  command: Omit<VerbCommand, "_">,
): ConfigSources {
  const environment = Deno.env.toObject();
  return new ConfigSources({ command, sources: command.C, environment });
}
