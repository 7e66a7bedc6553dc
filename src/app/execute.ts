import type { Millis } from "../base/clock.ts";
import { describe, DeviceError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import {
  type Action,
  type Attempt,
  type Change,
  formatAction,
  type Step,
} from "../system/plan.ts";

/** A command that takes longer is ended. In ms. */
const PATIENCE: Millis = 60_000;

/** Between one attempt to end it and the next. */
const GRACE: Millis = 1000;

export interface ExecuteOptions {
  readonly log: Log;
  /** Told what will have to be undone, before each change and after it: whoever writes it down survives a crash. */
  readonly onUndo?: (undo: readonly Action[]) => void;
}

/**
 * Carries the steps out in order. Resolves with what undoes them, in the order in which it is to be done; rejects with a
 * DeviceError, everything undone.
 */
export async function executePlan(
  steps: readonly Step[],
  options: ExecuteOptions,
): Promise<readonly Action[]> {
  const undo: Action[] = [];
  try {
    for (const step of steps) {
      if ("do" in step) await change(step, undo, options);
      else await attempt(step, undo, options);
    }
  } catch (error) {
    await undoAll(undo, options.log);
    options.onUndo?.([]);
    throw error;
  }
  return undo;
}

/** Goes on where one cannot be undone, with a warning. */
export async function undoAll(
  actions: readonly Action[],
  log: Log,
): Promise<void> {
  for (const action of actions) {
    try {
      await perform(action, log);
    } catch (error) {
      const reason = describe(error);
      log.warn("system.undo", { action: formatAction(action), reason });
    }
  }
}

export interface HookOptions {
  /** Like "post-up". */
  readonly stage: string;
  /** Beside the program's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Log;
  /** How long each may take. Default: a minute. */
  readonly patience?: Millis;
}

/** Runs the commands, each as its words, in order, their output into ours. One that fails is a warning, and the next one runs. */
export async function runHooks(
  commands: readonly (readonly string[])[],
  options: HookOptions,
): Promise<void> {
  const { stage, log } = options;
  for (const words of commands) {
    const command = words.join(" ");
    log.info("hook.run", { stage, command });
    const reason = await runHook(words, options);
    if (reason !== undefined) log.warn("hook.fail", { stage, command, reason });
  }
}

/** Why it failed. */
async function runHook(
  words: readonly string[],
  { environment, patience = PATIENCE }: HookOptions,
): Promise<string | undefined> {
  try {
    const child = spawn(words, {
      ...{ env: environment, stdin: "null" },
      ...{ stdout: "inherit", stderr: "inherit" },
    });
    const status = await endOf(child, child.status, patience);
    return status.success ? undefined : reasonOf(status);
  } catch (error) {
    return describe(error);
  }
}

async function change(
  { do: action, undo: reversal }: Change,
  undo: Action[],
  { log, onUndo }: ExecuteOptions,
): Promise<void> {
  if (reversal === undefined) return await perform(action, log);
  undo.unshift(reversal);
  onUndo?.([...undo]);
  try {
    await perform(action, log);
  } catch (error) {
    undo.shift();
    onUndo?.([...undo]);
    throw error;
  }
}

async function attempt(
  { ways, warning }: Attempt,
  undo: Action[],
  options: ExecuteOptions,
): Promise<void> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      undo.unshift(...await executePlan(way, withUndo(options, undo)));
      return;
    } catch (error) {
      reasons.push(describe(error));
    }
  }
  options.log.warn("system.skip", { warning, reason: reasons.join("; ") });
}

/** What a way has to undo comes before what the steps before it have to. */
function withUndo(
  { log, onUndo }: ExecuteOptions,
  before: readonly Action[],
): ExecuteOptions {
  return onUndo === undefined
    ? { log }
    : { log, onUndo: (undo) => onUndo([...undo, ...before]) };
}

async function perform(action: Action, log: Log): Promise<void> {
  log.debug("system.do", { action: formatAction(action) });
  if ("run" in action) await runCommand(action);
  else await edit(action);
}

async function runCommand(
  { run, input, failure }: Extract<Action, { run: unknown }>,
): Promise<void> {
  const stdin = input === undefined ? "null" : "piped";
  const child = spawn(run, { stdin, stdout: "null", stderr: "piped" });
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that does not read it to its end tells by its exit code what that means.
    writer.write(new TextEncoder().encode(input)).catch(() => {});
    writer.close().catch(() => {});
  }
  const output = await endOf(child, child.output(), PATIENCE);
  const said = new TextDecoder().decode(output.stderr).trim();
  if (output.success && (failure === undefined || said === "")) return;
  const reason = reasonOf(output);
  throw new DeviceError(
    run[0] ?? "",
    reason,
    `Cannot run "${run.join(" ")}" (${reason}): ${said}`,
  );
}

type SpawnOptions = Omit<Deno.CommandOptions, "args">;

function spawn(
  [program = "", ...args]: readonly string[],
  options: SpawnOptions,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, { ...options, args }).spawn();
  } catch (error) {
    const { name, message } = error as Error;
    const what = `Cannot run "${program}"`;
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new DeviceError(program, name, `${what}: ${message}`);
    }
    throw new DeviceError(
      program,
      "ENOENT",
      `${what}: there is no such program`,
      program === "ip" ? "Install iproute2" : undefined,
    );
  }
}

function reasonOf({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `exit code ${code}` : `ended by ${signal}`;
}

/**
 * Ends `child` when it is too slow, by force where it does not listen. Where `result` does not come even then, as somebody else
 * holds the output open, it is given up.
 */
async function endOf<T>(
  child: Deno.ChildProcess,
  result: Promise<T>,
  patience: Millis,
): Promise<T> {
  const givenUp = Promise.withResolvers<never>();
  const timers = [
    setTimeout(() => kill(child, "SIGTERM"), patience),
    setTimeout(() => kill(child, "SIGKILL"), patience + GRACE),
    setTimeout(() => {
      const message = `No end after ${patience / 1000} s`;
      givenUp.reject(new DeviceError("waitpid", "ETIMEDOUT", message));
    }, patience + 2 * GRACE),
  ];
  try {
    return await Promise.race([result, givenUp.promise]);
  } finally {
    timers.forEach(clearTimeout);
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}

async function edit(
  { file, from, to }: Extract<Action, { file: string }>,
): Promise<void> {
  try {
    if (await read(file) !== from) {
      throw new Error("somebody else has changed it");
    }
    if (to === null) await Deno.remove(file);
    // In place: it may be a link, or bound into a container.
    else await Deno.writeTextFile(file, to);
  } catch (error) {
    const { name, message } = error as Error;
    throw new DeviceError("write", name, `Cannot edit "${file}": ${message}`);
  }
}

async function read(file: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
