import type { Problems } from "../problems.ts";
import { unknownKey } from "../values/nearest.ts";
import {
  readBoolean,
  readDuration,
  readInteger,
  readText,
  readTexts,
} from "../values/read.ts";
import {
  type Entry,
  find,
  type Mapping,
  mapping,
  type Node,
  scalar,
  sequence,
} from "./node.ts";
import type { Kind, Leaf, List, Shape } from "./shape.ts";

/**
 * The document in the shape's own terms: its spelling and order of keys, values of its kinds, a list also where one item
 * stands for it. What the shape does not have and what cannot be read is a problem, and left out.
 */
export function conform(
  node: Mapping,
  shape: Shape,
  problems: Problems,
  path: string = "",
): Mapping {
  const keys = Object.keys(shape);
  const entries: Entry[] = [];
  for (const [key, kind] of Object.entries(shape)) {
    const entry = find(node, key);
    if (entry === undefined) continue;
    const here = path === "" ? key : `${path}.${key}`;
    const value = conformValue(entry.value, kind, problems, here);
    if (value !== undefined) entries.push({ key, at: entry.at, value });
  }
  for (const { key, at } of node.entries) {
    if (keys.some((known) => known.toLowerCase() === key.toLowerCase())) {
      continue;
    }
    const all = `the keys here are ${keys.join(", ")}`;
    problems.error(unknownKey(key, keys, all), { path, at });
  }
  return { kind: "mapping", entries, at: node.at };
}

function conformValue(
  node: Node,
  kind: Kind,
  problems: Problems,
  path: string,
): Node | undefined {
  if (kind === "anything") return node;
  const isNull = node.kind === "scalar" && node.value === null;
  if (typeof kind === "object" && "list" in kind) {
    const items = node.kind === "sequence" ? node.items : isNull ? [] : [node];
    return sequence(
      items.map((item, i) => conformItem(item, kind, problems, `${path}[${i}]`))
        .filter((item) => item !== undefined),
      node.at,
    );
  }
  if (isNull) return undefined;
  if (typeof kind === "string") {
    return conformLeaf(node, kind, problems, path);
  }
  if (node.kind === "mapping") {
    return conform(node, kind.object, problems, path);
  }
  complainOfObject(node, kind.object, problems, path);
  return undefined;
}

function conformItem(
  item: Node,
  { list, text }: List,
  problems: Problems,
  path: string,
): Mapping | undefined {
  if (item.kind === "mapping") return conform(item, list, problems, path);
  if (text !== undefined && item.kind === "scalar") {
    return conform(mapping({ [text]: item }, item.at), list, problems, path);
  }
  complainOfObject(item, list, problems, path);
  return undefined;
}

/** Quotes nothing: where a mapping belongs, a text may be "user:password". */
function complainOfObject(
  node: Node,
  shape: Shape,
  problems: Problems,
  path: string,
): void {
  const given = node.kind === "scalar" ? "a single value" : "a list";
  const keys = Object.keys(shape).join(", ");
  problems.error(`Cannot use ${given} here: write a mapping of ${keys}`, {
    path,
    at: node.at,
  });
}

function conformLeaf(
  node: Node,
  leaf: Leaf,
  problems: Problems,
  path: string,
): Node | undefined {
  const complain = (what: string): undefined => {
    const value = readText(node);
    const given = value === undefined
      ? `a ${node.kind === "sequence" ? "list" : "mapping"}`
      : JSON.stringify(value);
    problems.error(`Cannot use ${given} here: write ${what}`, {
      path,
      at: node.at,
    });
  };
  switch (leaf) {
    case "text":
    case "text!": {
      const value = readText(node);
      return value === undefined ? complain("a text") : scalar(value, node.at);
    }
    case "integer":
    case "integer!": {
      const value = readInteger(node);
      if (value === undefined) return complain("a whole number");
      return scalar(value, node.at);
    }
    case "boolean": {
      const value = readBoolean(node);
      if (value === undefined) return complain("true or false");
      return scalar(value, node.at);
    }
    case "duration":
    case "duration!": {
      const value = readDuration(node, "schema");
      if (value === undefined) return complain("a duration like 30s or 1m30s");
      return scalar(value, node.at);
    }
    case "texts": {
      const texts = readTexts(node);
      if (texts === undefined) return complain("a list of texts");
      return sequence(texts.map(({ text, at }) => scalar(text, at)), node.at);
    }
    case "map":
      return conformMap(node) ?? complain("a mapping of texts");
    case "anything":
      return node;
  }
}

function conformMap(node: Node): Mapping | undefined {
  if (node.kind !== "mapping") return undefined;
  const entries: Entry[] = [];
  for (const { key, at, value } of node.entries) {
    const text = readText(value);
    if (text === undefined) return undefined;
    entries.push({ key, at, value: scalar(text, value.at) });
  }
  return { kind: "mapping", entries, at: node.at };
}
