import { parseAddress, unmapped } from "../wire/address.ts";
import {
  addPrefix,
  addRange,
  createAddressRanges,
  createAddressTable,
  findAddress,
} from "./address_table.ts";
import { type Glob, matchGlob } from "./glob.ts";
import { NameTable } from "./name_table.ts";
import { parsePattern, type Pattern, type PortRange } from "./pattern.ts";

/** Compiled once, read for every flow. */
export interface PatternSet {
  /** Of patterns that can match. */
  readonly size: number;
  /** Some of them may match a name; the others match addresses alone. */
  readonly matchesNames: boolean;
  /**
   * The index of a pattern that matches, -1 where none does. `host` is an address as `wire/address.ts` formats it, or a
   * name in any case. A flow without a port has port 0.
   */
  match(host: string, port: number): number;
}

interface GlobEntry {
  readonly glob: Glob;
  readonly literal: string;
  readonly ports: PortRange;
  readonly index: number;
}

/** Takes one pattern after the other, so that a long list need not be read in one go. */
export class PatternSetBuilder {
  readonly #prefixes = createAddressRanges();
  readonly #ranges = createAddressRanges();
  readonly #names = new NameTable();
  readonly #below = new NameTable();
  readonly #globs: GlobEntry[] = [];
  #taken = 0;
  #valid = 0;
  #matchesNames = false;

  /** Gives the pattern the next index. One that cannot be read matches nothing; what is wrong with it is returned. */
  add(text: string): string | undefined {
    const index = this.#taken++;
    const pattern = parsePattern(text);
    this.#matchesNames ||= mayMatchName(pattern);
    switch (pattern.kind) {
      case "prefix":
        addPrefix(this.#prefixes, pattern.prefix, index);
        break;
      case "range":
        addRange(this.#ranges, pattern.first, pattern.last, index);
        break;
      case "name":
        this.#names.add(pattern.name, pattern.ports, index);
        break;
      case "below":
        this.#below.add(pattern.suffix, pattern.ports, index);
        break;
      case "glob":
        this.#globs.push({ ...pattern, index });
        break;
      case "invalid":
        return pattern.problem;
    }
    this.#valid++;
    return undefined;
  }

  /** Takes the patterns over: nothing may be added any more. */
  build(): PatternSet {
    const prefixes = createAddressTable(this.#prefixes);
    const ranges = createAddressTable(this.#ranges);
    const [names, below, globs] = [this.#names, this.#below, this.#globs];
    return {
      size: this.#valid,
      matchesNames: this.#matchesNames,
      match(host, port) {
        const address = parseAddress(host);
        if (address !== undefined) {
          // An IPv4-mapped address counts as IPv4 for prefixes, and for nothing else.
          const index = findAddress(prefixes, unmapped(address));
          if (index >= 0) return index;
          const other = findAddress(ranges, address);
          if (other >= 0) return other;
        }
        const name = host.toLowerCase();
        const index = findName(names, below, name, port);
        return index >= 0 ? index : findGlob(globs, name, port);
      },
    };
  }
}

/** Patterns that cannot be read match nothing: `patternProblem` is for whoever reads them from a file. */
export function compilePatterns(texts: readonly string[]): PatternSet {
  const builder = new PatternSetBuilder();
  for (const text of texts) builder.add(text);
  return builder.build();
}

/** A name that is spelt like an address is none that a flow can have. */
function mayMatchName(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case "name":
      return parseAddress(pattern.name) === undefined;
    case "below":
    case "glob":
      return true;
    case "prefix":
    case "range":
    case "invalid":
      return false;
    default:
      throw new Error(`Unreachable kind: ${pattern satisfies never}`);
  }
}

/** Exact names, then suffixes from the longest to the shortest. */
function findName(
  names: NameTable,
  below: NameTable,
  host: string,
  port: number,
): number {
  const exact = names.find(host, port);
  if (exact >= 0) return exact;
  const whole = names.find(`.${host}`, port);
  if (whole >= 0) return whole;
  for (
    let dot = host.indexOf(".");
    dot >= 0;
    dot = host.indexOf(".", dot + 1)
  ) {
    const suffix = host.slice(dot);
    const parent = names.find(suffix, port);
    if (parent >= 0) return parent;
    const wildcard = below.find(suffix, port);
    if (wildcard >= 0) return wildcard;
  }
  return -1;
}

function findGlob(
  globs: readonly GlobEntry[],
  host: string,
  port: number,
): number {
  // Looking for the literal first makes a wildcard that does not match a hundred times cheaper.
  const found = globs.find(({ glob, literal, ports }) =>
    port >= ports.first && port <= ports.last && host.includes(literal) &&
    matchGlob(glob, host)
  );
  return found?.index ?? -1;
}
