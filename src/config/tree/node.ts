import type { Position } from "../../base/errors.ts";

/** A document as it was written, whatever it was written in: YAML, JSON or the command line. */
export type Node = Scalar | Sequence | Mapping;

export interface Scalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** What stands in the document where that is not the value's own form, such as `0123` for 123. */
  readonly source?: string;
  readonly at: Position;
}

export interface Sequence {
  readonly kind: "sequence";
  readonly items: readonly Node[];
  readonly at: Position;
}

export interface Mapping {
  readonly kind: "mapping";
  /** No two keys are equal but for their case. */
  readonly entries: readonly Entry[];
  readonly at: Position;
}

export interface Entry {
  readonly key: string;
  /** Of the key. */
  readonly at: Position;
  readonly value: Node;
}

export function scalar(value: Scalar["value"], at: Position): Scalar {
  return { kind: "scalar", value, at };
}

/** Leaves out members that are undefined. */
export function mapping(
  members: Readonly<Record<string, Node | undefined>>,
  at: Position,
): Mapping {
  const entries: Entry[] = [];
  for (const [key, value] of Object.entries(members)) {
    if (value !== undefined) entries.push({ key, at, value });
  }
  return { kind: "mapping", entries, at };
}

export function sequence(items: readonly Node[], at: Position): Sequence {
  return { kind: "sequence", items, at };
}

/** Keys have no case. */
export function find(mapping: Mapping, key: string): Entry | undefined {
  const wanted = key.toLowerCase();
  return mapping.entries.find(({ key }) => key.toLowerCase() === wanted);
}

/** The mapping with `key` set to `value`, whether it was there or not. */
export function withEntry(
  { entries, ...rest }: Mapping,
  key: string,
  value: Node,
): Mapping {
  const entry: Entry = { key, at: value.at, value };
  const others = entries.filter((other) => other.key !== key);
  return { ...rest, entries: [...others, entry] };
}

/** null, "", an empty list, an empty mapping: as good as not written. */
export function isEmpty(node: Node): boolean {
  switch (node.kind) {
    case "scalar":
      return node.value === null || node.value === "";
    case "sequence":
      return node.items.length === 0;
    case "mapping":
      return node.entries.length === 0;
  }
}
