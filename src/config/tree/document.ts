import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Scalar as YamlScalar,
  type YAMLMap,
} from "yaml";
import type { Position } from "../../base/errors.ts";
import type { Problems } from "../problems.ts";
import {
  type Entry,
  type Mapping,
  type Node,
  scalar,
  type Sequence,
} from "./node.ts";

/** Deeper than any configuration, shallow enough for every recursion over it. */
const MAX_DEPTH = 100;

/** Nodes that aliases may add: a few lines of aliases of aliases must not fill the memory. */
const MAX_ALIASED = 100_000;

/** In place of the library's messages that quote the document, as what they quote may be a password. */
const OWN_WORDS: ReadonlyMap<string, string> = new Map([
  ["TAG_RESOLVE_FAILED", "a value that starts with ! needs quotes"],
  ["UNEXPECTED_TOKEN", "this does not belong here"],
  ["BAD_DIRECTIVE", "a line that starts with % needs quotes"],
  ["BAD_DQ_ESCAPE", "there is no such escape sequence"],
]);

/** Reads YAML, and JSON as the YAML that it is. An empty document is an empty mapping, and so is one with errors. */
export function readDocument(
  file: string,
  text: string,
  problems: Problems,
): Mapping {
  const nothing: Mapping = {
    kind: "mapping",
    entries: [],
    at: { file, line: 1, column: 1 },
  };
  const root = readAny(file, text, problems);
  if (root?.kind === "mapping") return root;
  if (isNothing(root)) return nothing;
  problems.error(
    "Cannot find any keys: a configuration is a mapping like services: […]",
    { path: "", at: root.at },
  );
  return nothing;
}

/** Reads a file that holds a list. An empty document is an empty list, and so is one with errors. */
export function readList(
  file: string,
  text: string,
  problems: Problems,
): Sequence {
  const at = { file, line: 1, column: 1 };
  const nothing: Sequence = { kind: "sequence", items: [], at };
  const root = readAny(file, text, problems);
  if (root?.kind === "sequence") return root;
  if (isNothing(root)) return nothing;
  const message = "Cannot find a list: write one like [{…}, {…}]";
  problems.error(message, { path: "", at: root.at });
  return nothing;
}

/** Empty, or wrong and complained of. */
function isNothing(root: Node | undefined): root is undefined {
  return root === undefined || (root.kind === "scalar" && root.value === null);
}

/** Undefined for a document that is empty or has errors. */
function readAny(
  file: string,
  text: string,
  problems: Problems,
): Node | undefined {
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const complain = (message: string, offset: number): void =>
    problems.error(message, { path: "", at: positionOf(offset) });
  const [document, second] = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
  });
  if (document === undefined) return undefined;
  const complaints = [...document.errors, ...document.warnings];
  for (const { code, message, pos } of complaints) {
    const reason = OWN_WORDS.get(code) ?? message;
    complain(`Cannot read this as YAML: ${reason}`, pos[0]);
  }
  if (second !== undefined) {
    complain("Cannot read two documents of one file", second.range[0]);
  }
  if (document.errors.length > 0) return undefined;
  return new Converter(complain, positionOf).convert(document.contents);
}

/** From the YAML library's nodes to ours. */
class Converter {
  readonly #complain: (message: string, offset: number) => void;
  readonly #positionOf: (offset: number) => Position;
  readonly #anchors = new Map<string, unknown>();
  #depth = 0;
  /** Aliases that are being followed. */
  #following = 0;
  #aliased = 0;

  constructor(
    complain: (message: string, offset: number) => void,
    positionOf: (offset: number) => Position,
  ) {
    this.#complain = complain;
    this.#positionOf = positionOf;
  }

  /** `offset` is where a value that is not even written would stand. */
  convert(node: unknown, offset: number = 0): Node {
    const start = rangeOf(node) ?? offset;
    if (this.#depth >= MAX_DEPTH || this.#aliased >= MAX_ALIASED) {
      this.#complain(
        this.#depth >= MAX_DEPTH
          ? `Cannot read more than ${MAX_DEPTH} levels of nesting`
          : `Cannot read more than ${MAX_ALIASED} values behind aliases`,
        start,
      );
      return scalar(null, this.#positionOf(start));
    }
    this.#depth++;
    if (this.#following > 0) this.#aliased++;
    const converted = this.#convertAny(node, start);
    this.#depth--;
    return converted;
  }

  #convertAny(node: unknown, start: number): Node {
    const at = this.#positionOf(start);
    if (isAlias(node)) return this.#follow(node.source, start);
    if (isScalar(node) || isSeq(node) || isMap(node)) {
      const isNew = node.anchor !== undefined && this.#following === 0;
      if (isNew) this.#anchors.set(node.anchor ?? "", node);
    }
    if (isScalar(node)) return convertScalar(node, at);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.convert(item, start));
      return { kind: "sequence", items, at };
    }
    if (isMap(node)) {
      return { kind: "mapping", entries: this.#convertEntries(node), at };
    }
    return scalar(null, at);
  }

  #follow(anchor: string, start: number): Node {
    const target = this.#anchors.get(anchor);
    if (target === undefined) {
      this.#complain(
        "Cannot find the anchor of this alias: a value that starts with * needs quotes",
        start,
      );
    }
    this.#following++;
    const converted = this.convert(target, start);
    this.#following--;
    return converted;
  }

  /** A key of the mapping itself wins over those that `<<` merges in, and earlier ones of these over later ones. */
  #convertEntries(map: YAMLMap): readonly Entry[] {
    const own = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of map.items) {
      const key = isScalar(pair.key) ? pair.key : undefined;
      const start = rangeOf(pair.key) ?? rangeOf(map) ?? 0;
      const name = key === undefined ? "" : String(key.source ?? key.value);
      if (key === undefined || key.value === null) {
        this.#complain("Cannot use this as a key: it must be a text", start);
      } else if (name === "<<" && key.type === "PLAIN") {
        merged.push(...this.#merge(pair, start));
      } else if (own.has(name.toLowerCase())) {
        this.#complain("Cannot use a key twice, and keys have no case", start);
      } else {
        const value = this.convert(pair.value, start);
        const at = this.#positionOf(start);
        own.set(name.toLowerCase(), { key: name, at, value });
      }
    }
    for (const entry of merged) {
      const name = entry.key.toLowerCase();
      if (!own.has(name)) own.set(name, entry);
    }
    return [...own.values()];
  }

  #merge(pair: Pair, start: number): readonly Entry[] {
    const value = this.convert(pair.value, start);
    const sources = value.kind === "sequence" ? value.items : [value];
    return sources.flatMap((source) => {
      if (source.kind === "mapping") return source.entries;
      this.#complain(
        "Cannot merge this: << takes a mapping or a list of them",
        start,
      );
      return [];
    });
  }
}

function convertScalar({ value, source }: YamlScalar, at: Position): Node {
  switch (typeof value) {
    case "string":
      return scalar(value, at);
    case "number":
    case "boolean": {
      const differs = source !== undefined && source !== String(value);
      return { ...scalar(value, at), ...(differs && { source }) };
    }
    default:
      return scalar(value === null ? null : source ?? "", at);
  }
}

function rangeOf(node: unknown): number | undefined {
  const isNode = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  return isNode ? node.range?.[0] : undefined;
}
