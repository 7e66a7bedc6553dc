import { Journal, type LogLine } from "../../tests/support/program.ts";

/** How to start tungo, the sources or the executable that the variable TUNGO names. */
export function tungoCommand(): readonly [string, ...string[]] {
  const executable = Deno.env.get("TUNGO");
  if (executable !== undefined) return [executable];
  return denoRun("../../main.ts");
}

/** How to start a module beside this one; nothing is looked for in a network that is not there. */
export function denoRun(module: string): readonly [string, ...string[]] {
  const path = new URL(module, import.meta.url).pathname;
  return [Deno.execPath(), "run", "--cached-only", "--frozen", "-A", path];
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a user would type, and what came of it. */
export interface Trial extends Finished {
  readonly command: string;
}

/** Runs a program to its end. */
export async function run(
  [command, ...args]: readonly string[],
): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(command ?? "", {
    args,
    stdin: "null",
  }).output();
  const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Like `run`; rejects where the program fails. */
export async function must(command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim()}`);
  return stdout;
}

/** Whether the command is there at all. */
export async function isThere(command: string): Promise<boolean> {
  try {
    await run([command, "-V"]);
    return true;
  } catch {
    return false;
  }
}

/** In ms: until a program says that it is ready, or has a line for a flow. */
const PATIENCE = 10_000;

/** tungo's log as it comes in. */
export class Lines {
  readonly #journal = new Journal();

  constructor(octets: ReadableStream<Uint8Array<ArrayBuffer>>) {
    void this.#journal.readAll(octets);
  }

  /** The first line with this message and these fields; rejects when it does not come. */
  async line(
    msg: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<LogLine> {
    const late = Promise.withResolvers<never>();
    const what = `No line "${msg}" ${JSON.stringify(fields)} from tungo`;
    const timer = setTimeout(() => late.reject(new Error(what)), PATIENCE);
    const found = this.#journal.find(msg, fields);
    try {
      return await Promise.race([found, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A program that writes tungo's log. */
export interface Logging {
  readonly lines: Lines;
  /** Resolves with its exit code. */
  stop(): Promise<number>;
}

export function startLogging(
  [command, ...args]: readonly string[],
): Logging {
  const child = new Deno.Command(command ?? "", {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  return {
    lines: new Lines(child.stderr),
    async stop() {
      child.kill("SIGTERM");
      return (await child.status).code;
    },
  };
}
