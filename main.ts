import { parseArgs } from "@std/cli/parse-args";

import { openPlatform } from "./ffi/mod.ts";
import { type App, buildApp } from "./src/app/app.ts";
import { openInstruments } from "./src/app/instruments.ts";
import type { ConfigSources } from "./src/app/load_config.ts";
import { LogSwitch } from "./src/app/log_switch.ts";
import { openLog } from "./src/app/open_log.ts";
import { reloadByItself } from "./src/app/reload_triggers.ts";
import { Reloads } from "./src/app/reloads.ts";
import { complain, type ExitCode, fail, say, write } from "./src/app/say.ts";
import { systemClock } from "./src/app/system_clock.ts";
import {
  check,
  explainFlow,
  misused,
  sourcesOf,
  test,
  up,
} from "./src/app/verbs.ts";
import { ConfigError } from "./src/base/errors.ts";
import { VERSION } from "./src/base/version.ts";
import { goFlags, mixedFlags } from "./src/config/command/flags.ts";
import {
  EXPLAIN_FLAGS,
  FLAGS,
  type ReloadCommand,
  RUN_FLAGS,
  UP_FLAGS,
} from "./src/config/command/options.ts";
import { formatProblem } from "./src/config/problems.ts";
import type { ReadConfig } from "./src/config/read_config.ts";
import type { Config } from "./src/config/schema.ts";
import { print } from "./src/config/tree/print.ts";
import { USAGE } from "./src/control/usage.ts";

main().then(Deno.exit);

async function main(): Promise<ExitCode> {
  try {
    const [verb, ...words] = Deno.args;
    const code = await runVerb(verb, words);
    if (code !== undefined) return code;
    const command = parseArgs(valid(goFlags(Deno.args, RUN_FLAGS)), RUN_FLAGS);
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

/** What a word in front of the options stands for. Undefined where there is none that is known. */
async function runVerb(
  verb: string | undefined,
  words: readonly string[],
): Promise<ExitCode | undefined> {
  switch (verb) {
    case "check": {
      const command = parseArgs(valid(mixedFlags(words, FLAGS)), FLAGS);
      return command.h || command.help ? say(USAGE) : await check(command);
    }
    case "up": {
      const command = parseArgs(valid(goFlags(words, UP_FLAGS)), UP_FLAGS);
      return command.h || command.help ? say(USAGE) : await up(command);
    }
    case "explain": {
      const flags = valid(mixedFlags(words, EXPLAIN_FLAGS));
      const command = parseArgs(flags, EXPLAIN_FLAGS);
      if (command.h || command.help) return say(USAGE);
      return await explainFlow(command, openPlatform);
    }
    case "test": {
      const command = parseArgs(valid(mixedFlags(words, FLAGS)), FLAGS);
      if (command.h || command.help) return say(USAGE);
      return await test(command, openPlatform);
    }
    default:
      return undefined;
  }
}

function valid(flags: string[] | ConfigError): string[] {
  if (flags instanceof ConfigError) throw flags;
  return flags;
}

interface RunCommand extends ReloadCommand {
  readonly pcap?: string;
  readonly fault?: string;
}

async function run(
  { config, warnings }: Pick<ReadConfig, "warnings"> & {
    readonly config: Config;
  },
  sources: ConfigSources,
  command: RunCommand,
): Promise<ExitCode> {
  const endsWithTerminal = hasTerminal() && !ignoresHangup();
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
    const reload = (): void => void reloads.request("any");
    onReload(
      platform.reloadSignals,
      reload,
      endsWithTerminal ? hangup.resolve : reload,
    );
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

/** Calls `reload` for the signal that asks for it, and `hangup` where it comes because there is no terminal any more. */
function onReload(
  signals: readonly Deno.Signal[],
  reload: () => void,
  hangup: () => void,
): void {
  const onSignal = (): void => hasTerminal() ? reload() : hangup();
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
}

/** Whether whoever started it wants it to outlive its terminal: nohup(1). To be asked before anybody listens for any signal. */
function ignoresHangup(): boolean {
  try {
    const status = Deno.readTextFileSync("/proc/self/status");
    const [, last = "0"] = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(status) ??
      [];
    return (parseInt(last, 16) & 1) === 1;
  } catch {
    return false;
  }
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

function version(): string {
  const { os, arch } = Deno.build;
  return `tungo ${VERSION} (deno ${Deno.version.deno} ${os}/${arch})\n`;
}
