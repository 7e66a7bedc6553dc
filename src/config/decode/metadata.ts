import type { Millis } from "../../base/clock.ts";
import type { Place, Problems } from "../problems.ts";
import {
  type Entry,
  find,
  isEmpty,
  type Mapping,
  type Node,
} from "../tree/node.ts";
import {
  type LocatedText,
  readBoolean,
  readDuration,
  readInteger,
  readText,
  readTexts,
} from "../values/read.ts";
import { isZero, place, type Section, value } from "./section.ts";

/** The longest that a timer waits. */
const MAX_DURATION: Millis = 2 ** 31 - 1;

/** Of an option's keys the first one that is there counts, as in GOST. */
type Keys = readonly [string, ...string[]];

interface Range {
  readonly fallback: number;
  readonly min?: number;
  readonly max?: number;
}

/** The metadata of an object. A key that was asked for is known from then on; `reportUnknown` complains of the others. */
export class Metadata {
  readonly path: string;
  readonly #entries: Mapping;
  readonly #problems: Problems;
  readonly #known = new Set<string>();

  constructor(section: Section, problems: Problems) {
    const node = value(section, "metadata");
    const { path, at } = place(section, "metadata");
    this.path = path;
    this.#problems = problems;
    this.#entries = node?.kind === "mapping"
      ? node
      : { kind: "mapping", entries: [], at };
    if (node !== undefined && node.kind !== "mapping" && !isEmpty(node)) {
      problems.error("Cannot use this: metadata is a mapping", { path, at });
    }
  }

  entries(): readonly Entry[] {
    return this.#entries.entries;
  }

  /** As its reader spells them. */
  known(): readonly string[] {
    return [...this.#known];
  }

  knows(key: string): boolean {
    const wanted = key.toLowerCase();
    return this.known().some((known) => known.toLowerCase() === wanted);
  }

  place({ key, value }: Entry): Place {
    return { path: `${this.path}.${key}`, at: value.at };
  }

  /** The entry of an option, undefined when it is not there. Marks its keys as known. */
  entry(keys: Keys): Entry | undefined {
    for (const key of keys) this.#known.add(key);
    return keys.map((key) => find(this.#entries, key))
      .find((entry) => entry !== undefined);
  }

  /** Where the option is, or would be. */
  where(keys: Keys): Place {
    const given = this.entry(keys);
    return given === undefined
      ? { path: `${this.path}.${keys[0]}`, at: this.#entries.at }
      : this.place(given);
  }

  text(keys: Keys, fallback: string = ""): string {
    return this.#read(keys, readText, "it takes a text") ?? fallback;
  }

  /** Items of a list, or of one text that is cut at `separator`. */
  texts(keys: Keys, separator: string = ","): readonly LocatedText[] {
    const read = (node: Node) => readTexts(node, separator);
    return this.#read(keys, read, "it takes texts") ?? [];
  }

  boolean(keys: Keys, fallback: boolean = false): boolean {
    const given = this.entry(keys);
    if (given?.value.kind === "scalar" && given.value.value === "") {
      const message = `Cannot read "${given.key}" without a value: write true`;
      this.#problems.error(message, this.place(given));
    }
    return this.#read(keys, readBoolean, "it takes true or false") ?? fallback;
  }

  /** 0 and less mean the fallback, as in GOST. */
  integer(keys: Keys, { fallback, min = 1, max = Infinity }: Range): number {
    const hint = "it takes a whole number";
    const given = this.#read(keys, readInteger, hint) ?? 0;
    if (given <= 0) return fallback;
    if (given < min || given > max) {
      const bounds = max === Infinity ? `>= ${min}` : `${min} to ${max}`;
      this.#complain(keys, `it must be ${bounds}`);
    }
    return given;
  }

  /** 0 and less mean the fallback, as in GOST. */
  duration<T extends Millis | undefined>(keys: Keys, fallback: T): Millis | T {
    const read = (node: Node) => readDuration(node, "metadata");
    const hint = "it takes 30s, 1m30s or a number of seconds";
    const given = this.#read(keys, read, hint) ?? 0;
    if (given <= 0) return fallback;
    if (given > MAX_DURATION) this.#complain(keys, "it must be at most 596h");
    return given;
  }

  choice<const T extends string, F>(
    keys: Keys,
    choices: readonly T[],
    fallback: F,
  ): T | F {
    const hint = `it takes ${choices.join(", ")}`;
    const given = this.#read(keys, readText, hint)?.toLowerCase();
    if (given === undefined) return fallback;
    const chosen = choices.find((choice) => choice === given);
    if (chosen === undefined) this.#complain(keys, hint);
    return chosen ?? fallback;
  }

  /** Keys that GOST knows and that cannot change where a flow goes. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) {
      const given = this.entry([key]);
      if (given === undefined || isZero(given.value)) continue;
      this.#problems.warn(`"${key}" has no effect`, this.place(given));
    }
  }

  /** Keys that would change where a flow goes. */
  refuse(...keys: readonly string[]): void {
    for (const key of keys) {
      const given = this.entry([key]);
      if (given === undefined || isZero(given.value)) continue;
      this.#problems.error(`"${key}" is not supported yet`, this.place(given));
    }
  }

  /** Keys that ask for what is so anyway. */
  accept(...keys: readonly string[]): void {
    for (const key of keys) this.entry([key]);
  }

  #read<T>(
    keys: Keys,
    read: (node: Node) => T | undefined,
    hint: string,
  ): T | undefined {
    const given = this.entry(keys);
    if (given === undefined || isEmpty(given.value)) return undefined;
    const result = read(given.value);
    if (result === undefined) this.#complain(keys, hint);
    return result;
  }

  #complain(keys: Keys, hint: string): void {
    const given = this.entry(keys);
    if (given === undefined) return;
    const quoted = given.value.kind === "scalar"
      ? JSON.stringify(readText(given.value))
      : `a ${given.value.kind === "mapping" ? "mapping" : "list"}`;
    this.#problems.error(
      `Cannot use ${quoted} for ${given.key} as ${hint}`,
      this.place(given),
    );
  }
}
