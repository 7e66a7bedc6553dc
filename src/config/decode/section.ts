import type { Place, Problems } from "../problems.ts";
import { isEmpty, type Mapping, type Node } from "../tree/node.ts";
import type { LocatedText } from "../values/read.ts";

/** An object of a document that conforms to its shape, so that every value is of its kind or not there. */
export interface Section extends Place {
  readonly node: Mapping;
}

export function value(section: Section, key: string): Node | undefined {
  return section.node.entries.find((entry) => entry.key === key)?.value;
}

/** Where `key` has its value, or would have it. */
export function place(section: Section, key: string): Place {
  const at = value(section, key)?.at ?? section.at;
  const path = section.path === "" ? key : `${section.path}.${key}`;
  return { path, at };
}

/** Empty when it is not there. */
export function text(section: Section, key: string): string {
  const node = value(section, key);
  return node?.kind === "scalar" ? String(node.value ?? "") : "";
}

/** 0 when it is not there. */
export function integer(section: Section, key: string): number {
  const node = value(section, key);
  return node?.kind === "scalar" ? Number(node.value) : 0;
}

/** False when it is not there. */
export function flag(section: Section, key: string): boolean {
  const node = value(section, key);
  return node?.kind === "scalar" && node.value === true;
}

export function texts(section: Section, key: string): readonly LocatedText[] {
  const node = value(section, key);
  if (node?.kind !== "sequence") return [];
  return node.items.flatMap((item) =>
    item.kind === "scalar" ? [{ text: String(item.value), at: item.at }] : []
  );
}

/** An empty one when it is not there. */
export function child(section: Section, key: string): Section {
  const node = value(section, key);
  const { path, at } = place(section, key);
  return node?.kind === "mapping"
    ? { node, path, at }
    : { node: { kind: "mapping", entries: [], at }, path, at };
}

export function children(section: Section, key: string): readonly Section[] {
  const node = value(section, key);
  const { path } = place(section, key);
  if (node?.kind !== "sequence") return [];
  return node.items.flatMap((item, i) =>
    item.kind === "mapping"
      ? [{ node: item, path: `${path}[${i}]`, at: item.at }]
      : []
  );
}

/** Whether `key` says anything: neither empty nor zero nor false. */
export function says(section: Section, key: string): boolean {
  const node = value(section, key);
  return node !== undefined && !isZero(node);
}

export function isZero(node: Node): boolean {
  return isEmpty(node) ||
    (node.kind === "scalar" && /^(0|false)$/.test(String(node.value)));
}

/** Keys that GOST knows and that cannot change where a flow goes. */
export function ignore(
  section: Section,
  keys: readonly string[],
  problems: Problems,
): void {
  for (const key of keys) {
    if (!says(section, key)) continue;
    problems.warn(`"${key}" has no effect`, place(section, key));
  }
}

/** Keys that would change where a flow goes. */
export function refuse(
  section: Section,
  keys: readonly string[],
  problems: Problems,
): void {
  for (const key of keys) {
    if (!says(section, key)) continue;
    problems.error(`"${key}" is not supported yet`, place(section, key));
  }
}
