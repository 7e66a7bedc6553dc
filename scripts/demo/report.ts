import { createLog } from "../../src/app/log_sink.ts";
import type { LogLine } from "../../tests/support/program.ts";

/** What a step of the demo has shown. */
export interface Shown {
  /** As a user would type it. */
  readonly command: string;
  /** What the program had to say. */
  readonly output: string;
  /** What it tells a newcomer. */
  readonly means: string;
  /** tungo's own line for the flow. */
  readonly line?: LogLine | undefined;
  /** Why this is not what should have come; undefined when it is. */
  readonly problem?: string | undefined;
}

/** Writes what happens to standard output, and knows what went wrong. */
export class Report {
  readonly #failed: string[] = [];
  readonly #write: (text: string) => void;
  readonly #colour: boolean;

  constructor(write: (text: string) => void, colour: boolean) {
    this.#write = write;
    this.#colour = colour;
  }

  title(text: string): void {
    this.text(`\n${this.#paint(BOLD, text)}\n`);
  }

  text(text: string): void {
    this.#write(`${text}\n`);
  }

  note(text: string): void {
    this.text(this.#paint(DIM, text));
  }

  /** Does a step and shows it; one that throws has failed, and the others go on. */
  async step(title: string, task: () => Promise<Shown>): Promise<void> {
    let shown: Shown | undefined;
    let problem: string | undefined;
    try {
      shown = await task();
      problem = shown.problem;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    const ok = problem === undefined;
    const mark = ok ? this.#paint(GREEN, "ok") : this.#paint(RED, "FAILED");
    this.text(`${mark}  ${this.#paint(BOLD, title)}`);
    if (shown !== undefined) this.#show(shown);
    if (!ok) {
      this.#failed.push(title);
      this.text(`    ${this.#paint(RED, problem ?? "")}`);
    }
    this.text("");
  }

  /** The titles of the steps that failed. */
  failed(): readonly string[] {
    return this.#failed;
  }

  #show({ command, output, means, line }: Shown): void {
    this.text(`    $ ${command}`);
    for (const row of output.trim().split("\n")) this.text(`    ${row}`);
    this.text(`    ${this.#paint(DIM, `= ${means}`)}`);
    if (line === undefined) return;
    for (const row of wrap(formatLine(line))) {
      this.text(`    ${this.#paint(CYAN, row)}`);
    }
  }

  #paint(code: number, text: string): string {
    return this.#colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

const BOLD = 1;
const DIM = 2;
const RED = 31;
const GREEN = 32;
const CYAN = 36;

/** To standard output, in colours where a terminal wants them. */
export function openReport(): Report {
  const encoder = new TextEncoder();
  const write = (text: string): void => {
    let octets = encoder.encode(text);
    while (octets.length > 0) {
      octets = octets.subarray(Deno.stdout.writeSync(octets));
    }
  };
  return new Report(write, Deno.stdout.isTerminal() && !Deno.noColor);
}

/** A line of tungo's JSON log as tungo writes it on a terminal. */
export function formatLine({ time, level, msg, ...fields }: LogLine): string {
  let text = "";
  const log = createLog({
    level: "trace",
    format: "text",
    write: (line) => text = line.trimEnd(),
    now: () => new Date(String(time)),
  });
  const known = fields as Parameters<typeof log.info>[1];
  if (level === "warn" || level === "error") log[level](msg, known);
  else log.info(msg, known);
  return text;
}

/** Columns that a terminal surely has, less the indent. */
const WIDTH = 76;

/** Breaks between words; further rows are indented. */
export function wrap(text: string): string[] {
  const rows: string[] = [];
  let row = "";
  for (const word of text.split(" ")) {
    if (row !== "" && row.length + 1 + word.length > WIDTH) {
      rows.push(row);
      row = `  ${word}`;
    } else {
      row = row === "" ? word : `${row} ${word}`;
    }
  }
  return [...rows, row];
}

/** "256 MiB in 0.81 s, 2.65 Gbit/s". */
export function formatSpeed(octets: number, seconds: number): string {
  const mib = Math.round(octets / 2 ** 20);
  const gbit = (octets * 8 / seconds / 1e9).toFixed(2);
  return `${mib} MiB in ${seconds.toFixed(2)} s, ${gbit} Gbit/s`;
}
