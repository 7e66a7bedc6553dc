/**
 * Wildcards as GOST reads them: `*` any run of characters, dots included, `?` one character, `[abc]`, `[a-z]`, `[!…]`,
 * `{a,b}` with anything inside; `\` takes the next character as it is.
 */

type Test =
  | { readonly kind: "any" }
  | { readonly kind: "list"; readonly list: string; readonly negated: boolean }
  | {
    readonly kind: "range";
    readonly first: string;
    readonly last: string;
    readonly negated: boolean;
  };

/** `star` stays on every character and may move on without one; `jump` moves on without one. Jumps lead forward only. */
type State =
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "star" }
  | { readonly kind: "jump"; readonly to: readonly number[] };

/** An automaton that starts in its first state and accepts behind its last. */
export type Glob = readonly State[];

/** What is wrong with `pattern` is returned as a string. */
export function compileGlob(pattern: string): Glob | string {
  const characters = [...pattern];
  const states: State[] = [];
  /** Of each open brace: where its alternatives start, and the jumps that lead behind it. */
  const braces: { readonly starts: number[]; readonly ends: number[][] }[] = [];
  const literal = (character: string): State => ({
    kind: "test",
    test: { kind: "list", list: character, negated: false },
  });

  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? "";
    const brace = braces.at(-1);
    if (character === "*") {
      states.push({ kind: "star" });
    } else if (character === "?") {
      states.push({ kind: "test", test: { kind: "any" } });
    } else if (character === "[") {
      const bracket = readBracket(characters, i + 1);
      if (typeof bracket === "string") return bracket;
      states.push({ kind: "test", test: bracket.test });
      i = bracket.last;
    } else if (character === "{") {
      const starts: number[] = [];
      states.push({ kind: "jump", to: starts });
      starts.push(states.length);
      braces.push({ starts, ends: [] });
    } else if (character === "," && brace !== undefined) {
      const end: number[] = [];
      states.push({ kind: "jump", to: end });
      brace.ends.push(end);
      brace.starts.push(states.length);
    } else if (character === "}" && brace !== undefined) {
      for (const end of brace.ends) end.push(states.length);
      braces.pop();
    } else if (character !== "\\") {
      states.push(literal(character));
    } else if (i + 1 < characters.length) {
      i++;
      states.push(literal(characters[i] ?? ""));
    }
  }
  // As in GOST, a brace that is still open ends with the pattern.
  for (const { ends } of braces) {
    for (const end of ends) end.push(states.length);
  }
  return states;
}

/** Whether all of `text` matches, in time proportional to the product of both lengths. */
export function matchGlob(glob: Glob, text: string): boolean {
  let current = new Set<number>();
  enter(glob, 0, current);
  for (const character of text) {
    const next = new Set<number>();
    for (const index of current) {
      const state = glob[index];
      if (state?.kind === "star") enter(glob, index, next);
      else if (state?.kind === "test" && accepts(state.test, character)) {
        enter(glob, index + 1, next);
      }
    }
    if (next.size === 0) return false;
    current = next;
  }
  return current.has(glob.length);
}

/** Adds the state `index` and those it leads to without a character. */
function enter(glob: Glob, index: number, into: Set<number>): void {
  const pending = [index];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (into.has(at)) continue;
    into.add(at);
    const state = glob[at];
    if (state?.kind === "star") pending.push(at + 1);
    else if (state?.kind === "jump") pending.push(...state.to);
  }
}

function accepts(test: Test, character: string): boolean {
  switch (test.kind) {
    case "any":
      return true;
    case "list":
      return test.list.includes(character) !== test.negated;
    case "range":
      return (test.first <= character && character <= test.last) !==
        test.negated;
  }
}

/** `start` is behind the opening bracket, `last` is the closing one. */
function readBracket(
  characters: readonly string[],
  start: number,
): { readonly test: Test; readonly last: number } | string {
  const negated = characters[start] === "!";
  let i = negated ? start + 1 : start;
  const first = characters[i];
  if (first !== undefined && characters[i + 1] === "-") {
    const last = characters[i + 2];
    if (last === undefined) return 'the bracket has no end: add "]"';
    if (characters[i + 3] !== "]") {
      return `a bracket holds one range and nothing else: [${first}-${last}]`;
    }
    if (last < first) return `the range ${first}-${last} is empty`;
    return { test: { kind: "range", first, last, negated }, last: i + 3 };
  }
  let list = "";
  for (; i < characters.length && characters[i] !== "]"; i++) {
    if (characters[i] === "\\") i++;
    list += characters[i] ?? "";
  }
  if (i >= characters.length) return 'the bracket has no end: add "]"';
  if (list === "") return "the bracket is empty";
  return { test: { kind: "list", list, negated }, last: i };
}
