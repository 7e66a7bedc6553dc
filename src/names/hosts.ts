import type { Position } from "../base/errors.ts";

/** One address of one name. */
export interface HostEntry {
  /** In lower case. One with a leading dot stands for all names below it too, "." for every name. */
  readonly name: string;
  readonly address: string;
  readonly at: Position;
}

/** By name; the entries of each in their order. */
export type HostsTable = ReadonlyMap<string, readonly HostEntry[]>;

export function hostsTable(entries: Iterable<HostEntry>): HostsTable {
  return Map.groupBy(entries, ({ name }) => name);
}

/** What tables together have for a name. GOST's order: the name itself, it and what is below it (".example.com"), the names above it in turn, every name ("."). */
export function lookUp(
  tables: readonly HostsTable[],
  text: string,
): readonly HostEntry[] {
  const name = text.toLowerCase().replace(/\.$/, "");
  const keys = [name, `.${name}`];
  for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
    keys.push(name.slice(at));
  }
  for (const key of [...keys, "."]) {
    const entries = tables.flatMap((table) => table.get(key) ?? []);
    if (entries.length > 0) return entries;
  }
  return [];
}
