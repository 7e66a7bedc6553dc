import { parseArgs } from "@std/cli/parse-args";

import { openPlatform, type Platform } from "./ffi/mod.ts";
import { type App, buildApp } from "./src/app/app.ts";
import { buildDecider } from "./src/app/decider.ts";
import { openInstruments } from "./src/app/instruments.ts";
import { checkConfig } from "./src/app/check_config.ts";
import { ConfigSources, readFile } from "./src/app/load_config.ts";
import { LogSwitch } from "./src/app/log_switch.ts";
import { openLog } from "./src/app/open_log.ts";
import { reloadByItself } from "./src/app/reload_triggers.ts";
import { Reloads } from "./src/app/reloads.ts";
import { showPlan } from "./src/app/show_plan.ts";
import { systemClock } from "./src/app/system_clock.ts";
import { ConfigError, describe, DeviceError } from "./src/base/errors.ts";
import { VERSION } from "./src/base/version.ts";
import { goFlags, mixedFlags } from "./src/config/command/flags.ts";
import {
  type Command,
  EXPLAIN_FLAGS,
  FLAGS,
  type ReloadCommand,
  RUN_FLAGS,
  UP_FLAGS,
} from "./src/config/command/options.ts";
import { type ConfigWarning, formatProblem } from "./src/config/problems.ts";
import type { ReadConfig } from "./src/config/read_config.ts";
import type { Config } from "./src/config/schema.ts";
import { print } from "./src/config/tree/print.ts";
import type { Decider, Question } from "./src/control/decision.ts";
import { explain } from "./src/control/explain.ts";
import { parseDestination } from "./src/control/question.ts";
import { beside, decideRule, readRules } from "./src/control/rules.ts";
import { USAGE } from "./src/control/usage.ts";
import { judge } from "./src/control/verdict.ts";

interface RunCommand extends ReloadCommand {
  readonly pcap?: string;
  readonly fault?: string;
}

/** Done, failed, and misconfigured. */
type ExitCode = 0 | 1 | 2;

main().then(Deno.exit);

async function main(): Promise<ExitCode> {
  try {
    const [verb, ...words] = Deno.args;
    if (verb === "up") return await up(words);
    if (verb === "explain") return await explainFlow(words);
    if (verb === "test") return await test(words);
    if (verb === "check") return await check(words);
    const flags = goFlags(Deno.args, RUN_FLAGS);
    if (flags instanceof ConfigError) throw flags;
    const command = parseArgs(flags, RUN_FLAGS);
    if (command.h || command.help) return say(USAGE);
    if (command.V) return say(version());
    const [word] = command._;
    if (word !== undefined) {
      throw misused(
        String(word),
        "Cannot use a word that is neither an option nor check, up, explain or test in front: a second set of options needs a second program",
      );
    }
    const sources = sourcesOf(command);
    const read = await sources.load();
    if (read.errors.length > 0) return complain(read);
    if (command.O !== undefined) {
      return say(print(read.document, command.O === "json" ? "json" : "yaml"));
    }
    return read.config === undefined
      ? complain(read)
      : await run({ ...read, config: read.config }, sources, command);
  } catch (error) {
    return fail(error);
  }
}

/** Says all that is wrong, with the files that the configuration names as well. */
async function check(words: readonly string[]): Promise<ExitCode> {
  const flags = mixedFlags(words, FLAGS);
  if (flags instanceof ConfigError) throw flags;
  const command = parseArgs(flags, FLAGS);
  if (command.h || command.help) return say(USAGE);
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
async function up(words: readonly string[]): Promise<ExitCode> {
  const flags = goFlags(words, UP_FLAGS);
  if (flags instanceof ConfigError) throw flags;
  const command = parseArgs(flags, UP_FLAGS);
  if (!command.plan) {
    throw new ConfigError(
      "Cannot start by this word yet: write --plan behind it to see what a start would do, or leave it out to start",
      "",
      { file: "up", line: 0, column: 0 },
    );
  }
  const read = await sourcesOf(command).load();
  const code = complain(read);
  if (read.config === undefined) return code;
  const plan = showPlan(read.config, command.os ?? Deno.build.os);
  if (plan instanceof ConfigError) throw plan;
  return say(plan);
}

async function explainFlow(args: readonly string[]): Promise<ExitCode> {
  const flags = mixedFlags(args, EXPLAIN_FLAGS);
  if (flags instanceof ConfigError) throw flags;
  const command = parseArgs(flags, EXPLAIN_FLAGS);
  if (command.h || command.help) return say(USAGE);
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
async function test(args: readonly string[]): Promise<ExitCode> {
  const flags = mixedFlags(args, FLAGS);
  if (flags instanceof ConfigError) throw flags;
  const command = parseArgs(flags, FLAGS);
  if (command.h || command.help) return say(USAGE);
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

function misused(verb: string, message: string): ConfigError {
  return new ConfigError(message, "", { file: verb, line: 0, column: 0 });
}

function sourcesOf(
  command: Command & { readonly C: readonly string[] },
): ConfigSources {
  const environment = Deno.env.toObject();
  return new ConfigSources({ command, sources: command.C, environment });
}

async function run(
  { config, warnings }: Pick<ReadConfig, "warnings"> & {
    readonly config: Config;
  },
  sources: ConfigSources,
  command: RunCommand,
): Promise<ExitCode> {
  const log = new LogSwitch(openLog(config.log));
  const { pcap, fault } = command;
  using instruments = openInstruments({ pcap, fault, log });
  for (const warning of warnings) {
    log.warn("config", { problem: formatProblem(warning) });
  }
  await using platform = openPlatform();
  const path = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", platform.system.searchPath(path));
  const limit = platform.raiseDescriptorLimit();
  log.debug("descriptors", { limit });
  const clock = systemClock();
  const app = await buildApp({ config, platform, clock, log, instruments });
  onStateSignal(() => write(Deno.stderr, app.dump()));
  const hangup = Promise.withResolvers<void>();
  const end = Promise.race([
    told(platform.endSignals),
    hangup.promise,
    unexpected(),
    app.failed,
  ]);
  try {
    const started = app.start();
    const reloads = new Reloads({
      load: () => sources.load(),
      text: () => sources.text(),
      apply: async (config) => {
        await started;
        await replace(app, log, config);
      },
      log,
    });
    onReload(platform.reloadSignals, hangup.resolve, () => {
      void reloads.request("any");
    });
    await Promise.race([started, end]);
    using _triggers = reloadByItself(command, {
      reload: () => reloads.request("changed"),
      paths: sources.paths(),
      clock,
    });
    await end;
    return 0;
  } finally {
    await app.stop();
  }
}

/** The log is opened anew even where nothing is different: its file may have been moved away. */
async function replace(
  app: App,
  log: LogSwitch,
  config: Config,
): Promise<void> {
  const next = openLog(config.log);
  try {
    await app.reload(config);
    log.use(next);
  } catch (error) {
    next[Symbol.dispose]();
    throw error;
  }
}

/** Calls `reload` for the signal that asks for it, and `hangup` where it comes because the terminal has gone away. */
function onReload(
  signals: readonly Deno.Signal[],
  hangup: () => void,
  reload: () => void,
): void {
  const atTerminal = hasTerminal();
  const onSignal = (): void =>
    atTerminal && !hasTerminal() ? hangup() : reload();
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
}

function hasTerminal(): boolean {
  try {
    Deno.openSync("/dev/tty").close();
    return true;
  } catch {
    return false;
  }
}

/** Resolves when somebody wants the program to stop; who asks again does not want to wait. */
function told(signals: readonly Deno.Signal[]): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) Deno.exit(1);
      asked = true;
      resolve();
    };
    for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  });
}

/** SIGUSR1 would start the inspector; Windows has neither. */
function onStateSignal(dump: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGUSR2", dump);
}

/** Rejects with a mistake of ours that nobody caught: the machine must be tidied up all the same. */
function unexpected(): Promise<never> {
  return new Promise((_, reject) => {
    addEventListener("error", (event) => {
      event.preventDefault();
      reject(event.error);
    });
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      reject(event.reason);
    });
  });
}

function say(text: string): ExitCode {
  write(Deno.stdout, text);
  return 0;
}

/** Says all that is wrong at once; warnings alone are no failure. */
function complain(
  { errors, warnings }: Pick<ReadConfig, "errors" | "warnings">,
): ExitCode {
  const say = (what: string, problem: ConfigWarning): void =>
    write(Deno.stderr, `${what}: ${formatProblem(problem)}\n`);
  for (const warning of warnings) say("warning", warning);
  for (const error of errors) say("error", error);
  return errors.length > 0 ? 2 : 0;
}

function fail(error: unknown): ExitCode {
  if (error instanceof ConfigError) {
    write(Deno.stderr, `error: ${formatProblem(error)}\n`);
    return 2;
  }
  write(Deno.stderr, `error: ${describe(error)}\n`);
  if (error instanceof DeviceError) {
    if (error.remedy !== undefined) write(Deno.stderr, `${error.remedy}\n`);
  } else if (error instanceof Error) {
    // A mistake of ours: where it happened matters.
    write(Deno.stderr, `${error.stack}\n`);
  }
  return 1;
}

function version(): string {
  const { os, arch } = Deno.build;
  return `tungo ${VERSION} (deno ${Deno.version.deno} ${os}/${arch})\n`;
}

function write(
  sink: { writeSync(octets: Uint8Array): number },
  text: string,
): void {
  let octets = new TextEncoder().encode(text);
  while (octets.length > 0) octets = octets.subarray(sink.writeSync(octets));
}
