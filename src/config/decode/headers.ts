import type { HeaderConfig } from "../hop_schema.ts";
import type { Place, Problems } from "../problems.ts";
import { Secret } from "../secret.ts";
import type { Mapping } from "../tree/node.ts";
import { readText } from "../values/read.ts";
import type { Metadata } from "./metadata.ts";

/** A token. RFC 9110 §5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** RFC 9110 §5.5. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface HeaderRules {
  /** Those that nobody may set, because `owner` ("the handshake") has its own. */
  readonly names: RegExp;
  readonly owner: string;
  readonly problems: Problems;
}

/** A mapping of names to values; secrets among them. */
export function decodeHeaders(
  metadata: Metadata,
  keys: readonly [string, ...string[]],
  { names, owner, problems }: HeaderRules,
): readonly HeaderConfig[] {
  const entry = metadata.entry(keys);
  if (entry === undefined) return [];
  const from = metadata.place(entry);
  if (entry.value.kind !== "mapping") {
    problems.error(
      "Cannot use this for header as it takes a mapping of names to values",
      from,
    );
    return [];
  }
  return headersOf(entry.value, from, { names, owner, problems });
}

export function headersOf(
  mapping: Mapping,
  { path }: Place,
  { names, owner, problems }: HeaderRules,
): readonly HeaderConfig[] {
  const headers: HeaderConfig[] = [];
  for (const { key, at, value } of mapping.entries) {
    const text = readText(value);
    const problem = names.test(key)
      ? `${owner} has its own`
      : !HEADER_NAME.test(key)
      ? "that is no name of a header"
      : text === undefined || !HEADER_VALUE.test(text)
      ? "its value must be one line of text"
      : undefined;
    if (problem === undefined) {
      headers.push({ name: key, value: new Secret(text ?? "") });
    } else {
      // Behind a colon stands a value.
      const [name] = key.split(":");
      const message = `Cannot use the header "${name}": ${problem}`;
      problems.error(message, { path, at });
    }
  }
  return headers;
}
