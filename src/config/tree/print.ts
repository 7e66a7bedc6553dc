import { stringify } from "yaml";
import { formatDuration } from "../values/duration.ts";
import { GOST } from "./gost.ts";
import type { Mapping, Node } from "./node.ts";
import type { Kind, Leaf, Shape } from "./shape.ts";

export type Format = "yaml" | "json";

type Plain = string | number | boolean | null | Plain[] | PlainObject;
interface PlainObject {
  [key: string]: Plain;
}

/** Prints a document that conforms to GOST's shape as GOST does, with its passwords. */
export function print(document: Mapping, format: Format): string {
  const plain = plainObject(document, GOST, format);
  return format === "json"
    ? JSON.stringify(plain, null, 2) + "\n"
    : stringify(plain, { lineWidth: 0 });
}

function plainObject(
  node: Mapping | undefined,
  shape: Shape,
  format: Format,
): PlainObject {
  const object: PlainObject = {};
  for (const [key, kind] of Object.entries(shape)) {
    const entry = node?.entries.find((entry) => entry.key === key);
    const value = plainValue(entry?.value, kind, format);
    if (value !== undefined) object[key] = value;
  }
  return object;
}

/** Undefined when it is not printed. */
function plainValue(
  node: Node | undefined,
  kind: Kind,
  format: Format,
): Plain | undefined {
  if (typeof kind === "string") return plainLeaf(node, kind, format);
  if ("object" in kind) {
    return node?.kind === "mapping"
      ? plainObject(node, kind.object, format)
      : undefined;
  }
  const items = node?.kind === "sequence" ? node.items : [];
  if (items.length === 0 && kind.always !== true) return undefined;
  return items.filter((item) => item.kind === "mapping")
    .map((item) => plainObject(item, kind.list, format));
}

function plainLeaf(
  node: Node | undefined,
  leaf: Leaf,
  format: Format,
): Plain | undefined {
  const value = node === undefined ? undefined : plainCopy(node);
  switch (leaf) {
    case "text!":
      return value ?? "";
    case "integer!":
      return value ?? 0;
    case "duration":
    case "duration!": {
      const duration = typeof value === "number" ? value : 0;
      if (duration === 0 && leaf === "duration") return undefined;
      return format === "json"
        ? Math.round(duration * 1e6)
        : formatDuration(duration);
    }
    default: {
      const isEmpty = value === undefined || value === null || value === "" ||
        value === 0 || value === false ||
        (typeof value === "object" && Object.keys(value).length === 0);
      return isEmpty ? undefined : value;
    }
  }
}

/** Keys in alphabetical order, as Go prints maps. */
function plainCopy(node: Node): Plain {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "sequence":
      return node.items.map(plainCopy);
    case "mapping":
      return Object.fromEntries(
        node.entries.toSorted((a, b) => a.key < b.key ? -1 : 1)
          .map(({ key, value }) => [key, plainCopy(value)]),
      );
  }
}
