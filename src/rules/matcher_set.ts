import type { Position } from "../base/errors.ts";
import { type PatternSet, PatternSetBuilder } from "./pattern_set.ts";

/** A pattern, and where it stands. */
export interface Matcher {
  readonly text: string;
  readonly at: Position;
}

/** The matchers of one bypass, or those of one list, compiled. */
export interface MatcherSet {
  /** 0 when nothing can match. */
  readonly size: number;
  /** Some of them may match a name; the others match addresses alone. */
  readonly matchesNames: boolean;
  /** One that matches; undefined where none does. For `host` and `port` see `PatternSet`. */
  find(host: string, port: number): Matcher | undefined;
}

export const NO_MATCHERS: MatcherSet = {
  size: 0,
  matchesNames: false,
  find: () => undefined,
};

export function matcherSet(matchers: readonly Matcher[]): MatcherSet {
  const builder = new PatternSetBuilder();
  for (const { text } of matchers) builder.add(text);
  return located(builder.build(), (index) => matchers[index]);
}

/** A line that cannot be used is left out. */
export interface ListProblem extends Matcher {
  /** A clause without a subject's name. */
  readonly problem: string;
}

/** Reads a list as GOST does: a pattern a line, "#" starts a comment. Bit by bit, because a million lines take a second or two. */
export class MatcherListReader {
  readonly #file: string;
  readonly #text: string;
  readonly #builder = new PatternSetBuilder();
  readonly #texts: string[] = [];
  /** Of each text. */
  readonly #lines: number[] = [];
  #at = 0;
  #line = 0;

  /** `file` is what positions call it. */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** Takes up to `count` lines; false when none is left. */
  read(count: number, onProblem: (problem: ListProblem) => void): boolean {
    for (let i = 0; i < count; i++) {
      if (this.#at >= this.#text.length) return false;
      const newline = this.#text.indexOf("\n", this.#at);
      const end = newline < 0 ? this.#text.length : newline;
      this.#takeLine(this.#text.slice(this.#at, end), onProblem);
      this.#at = end + 1;
    }
    return true;
  }

  /** When all has been read. */
  finish(): MatcherSet {
    const texts = this.#texts;
    const lines = Uint32Array.from(this.#lines);
    const file = this.#file;
    return located(this.#builder.build(), (index) => {
      const text = texts[index];
      const at = { file, line: lines[index] ?? 0, column: 1 };
      return text === undefined ? undefined : { text, at };
    });
  }

  #takeLine(line: string, onProblem: (problem: ListProblem) => void): void {
    this.#line++;
    const comment = line.indexOf("#");
    const text = (comment < 0 ? line : line.slice(0, comment)).trim();
    if (text === "") return;
    const problem = this.#builder.add(text);
    this.#texts.push(text);
    this.#lines.push(this.#line);
    if (problem === undefined) return;
    const at = { file: this.#file, line: this.#line, column: 1 };
    onProblem({ text, at, problem });
  }
}

function located(
  patterns: PatternSet,
  at: (index: number) => Matcher | undefined,
): MatcherSet {
  return {
    size: patterns.size,
    matchesNames: patterns.matchesNames,
    find: (host, port) => at(patterns.match(host, port)),
  };
}
