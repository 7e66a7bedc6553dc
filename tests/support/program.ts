import type { Namespace } from "./netns.ts";

/** A line of tungo's log. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: string;
  readonly msg: string;
};

export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  /** All of it, the log included. */
  readonly stderr: string;
}

/** tungo as a user starts it, in a process of its own. */
export interface Program {
  readonly pid: number;
  /** What it has logged so far. */
  readonly log: readonly LogLine[];
  /** The first line, of the past or to come, with this message and these fields. Rejects when the program ends without it. */
  line(
    msg: string,
    fields?: Readonly<Record<string, unknown>>,
  ): Promise<LogLine>;
  kill(signal: Deno.Signal): void;
  readonly ended: Promise<Ended>;
  /** Sends the signal and waits for the end. */
  stop(signal?: Deno.Signal): Promise<Ended>;
}

export interface ProgramOptions {
  readonly args: readonly string[];
  /** A folder that it has for /run. */
  readonly run: string;
  /** A file that it has for /etc/resolv.conf. */
  readonly resolvConf: string;
  /** A command that is to start it, like `["env", "PATH=/nowhere"]`. */
  readonly by?: readonly string[];
  /** How tungo is started, where not from the sources. */
  readonly command?: readonly string[];
}

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

const SOURCES = [Deno.execPath(), "run", "--frozen", "-A", MAIN];

/** `ip netns exec` has given the process a mount namespace of its own. */
const MOUNT =
  'mount --bind "$1" /run && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"';

/** Starts it without waiting for anything. It ends with the namespace at the latest. */
export function startProgram(
  space: Namespace,
  { args, run, resolvConf, by = [], command = SOURCES }: ProgramOptions,
): Program {
  const child = space.spawn(
    "sh",
    ["-c", MOUNT, "sh", run, resolvConf, ...by, ...command, ...args],
    {
      // Its own question for a newer Deno would be one more flow.
      env: { DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    },
  );
  const journal = new Journal();
  const stdout = new Response(child.stdout).text();
  const stderr = journal.readAll(child.stderr);
  const ended = Promise.all([child.status, stdout, stderr]).then((
    [{ code, signal }, stdout, stderr],
  ) => ({ code, signal, stdout, stderr }));
  return {
    pid: child.pid,
    log: journal.lines,
    line: (msg, fields = {}) => journal.find(msg, fields),
    kill: (signal) => child.kill(signal),
    ended,
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
  };
}

interface Wanted {
  readonly matches: (line: LogLine) => boolean;
  readonly found: PromiseWithResolvers<LogLine>;
  readonly what: string;
}

/** The log as it comes in. */
export class Journal {
  readonly lines: LogLine[] = [];
  readonly #wanted = new Set<Wanted>();
  #text = "";
  #ended = false;

  /** Resolves with all of it at its end. */
  async readAll(
    octets: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<string> {
    let rest = "";
    for await (const text of octets.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    }
    this.#ended = true;
    for (const wanted of this.#wanted) this.#giveUp(wanted);
    return this.#text;
  }

  find(
    msg: string,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<LogLine> {
    const matches = (line: LogLine): boolean =>
      line.msg === msg &&
      Object.entries(fields).every(([name, value]) => line[name] === value);
    const line = this.lines.find(matches);
    if (line !== undefined) return Promise.resolve(line);
    const what = `${msg} ${JSON.stringify(fields)}`;
    const found = Promise.withResolvers<LogLine>();
    const wanted = { matches, found, what };
    if (this.#ended) this.#giveUp(wanted);
    else this.#wanted.add(wanted);
    return found.promise;
  }

  #take(text: string): void {
    const line = parse(text);
    if (line === undefined) return;
    this.lines.push(line);
    for (const wanted of this.#wanted) {
      if (!wanted.matches(line)) continue;
      this.#wanted.delete(wanted);
      wanted.found.resolve(line);
    }
  }

  #giveUp({ found, what }: Wanted): void {
    const text = `The program ended without "${what}":\n${this.#text}`;
    found.reject(new Error(text));
  }
}

/** Not all that a program writes to standard error is its log. */
function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
