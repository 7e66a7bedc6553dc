import type { Millis } from "../../base/clock.ts";
import type { Position } from "../../base/errors.ts";
import type { Node } from "../tree/node.ts";
import { parseDuration } from "./duration.ts";

/**
 * GOST's accessors, each accepting what any of its readers accepts: numbers as text, text as numbers, one value as a list
 * of one, a list of one as a value. Undefined means unusable; what is empty reads as zero.
 */

export interface LocatedText {
  readonly text: string;
  readonly at: Position;
}

export function readText(node: Node): string | undefined {
  switch (node.kind) {
    case "scalar":
      return node.value === null ? "" : node.source ?? String(node.value);
    case "sequence": {
      const [only, ...more] = node.items;
      if (only === undefined) return "";
      return more.length === 0 && only.kind === "scalar"
        ? readText(only)
        : undefined;
    }
    case "mapping":
      return undefined;
  }
}

/** The items of a list as they are, or a single text cut at `separator` and trimmed; empty ones are left out. */
export function readTexts(
  node: Node,
  separator = ",",
): readonly LocatedText[] | undefined {
  const texts: LocatedText[] = [];
  for (const item of node.kind === "sequence" ? node.items : [node]) {
    const whole = item.kind === "scalar" ? readText(item) : undefined;
    if (whole === undefined) return undefined;
    const parts = item === node
      ? whole.split(separator).map((part) => part.trim())
      : [whole];
    for (const text of parts) {
      if (text !== "") texts.push({ text, at: item.at });
    }
  }
  return texts;
}

export function readBoolean(node: Node): boolean | undefined {
  if (node.kind === "scalar" && typeof node.value === "number") {
    return node.value !== 0;
  }
  const text = readText(node);
  return text === undefined || text === "" ? undefined : parseBoolean(text);
}

/** Go's spellings. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  return undefined;
}

export function readInteger(node: Node): number | undefined {
  if (node.kind === "scalar" && typeof node.value !== "string") {
    return Number.isSafeInteger(Number(node.value))
      ? Number(node.value)
      : undefined;
  }
  const text = readText(node);
  if (text === "") return 0;
  const value = /^[+-]?\d+$/.test(text ?? "") ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * Go's syntax, or a number without a unit. In metadata that is seconds. In the fields of the schema it is nanoseconds
 * for GOST, which writes them so, but a number below a million was meant as seconds by whoever wrote it.
 */
export function readDuration(
  node: Node,
  within: "metadata" | "schema",
): Millis | undefined {
  const text = readText(node);
  if (text === undefined) return undefined;
  if (text === "") return 0;
  const given = node.kind === "scalar" && typeof node.value === "number"
    ? node.value
    : /^[+-]?\d+(\.\d+)?$/.test(text)
    ? Number(text)
    : undefined;
  if (given === undefined) return parseDuration(text);
  if (!Number.isFinite(given)) return undefined;
  const nanoseconds = within === "schema" && Math.abs(given) >= 1e6;
  return nanoseconds ? given / 1e6 : given * 1_000;
}
