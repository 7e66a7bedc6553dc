import { type Entry, find, type Mapping, sequence } from "./node.ts";

/**
 * Joins two documents that conform to GOST's shape as GOST does: lists are appended to each other, of the single objects
 * the later one counts.
 */
export function merge(first: Mapping, second: Mapping): Mapping {
  const joined = first.entries.map((entry): Entry => {
    const other = find(second, entry.key);
    if (other === undefined) return entry;
    if (
      entry.value.kind !== "sequence" || other.value.kind !== "sequence"
    ) return other;
    const items = [...entry.value.items, ...other.value.items];
    return { ...entry, value: sequence(items, entry.value.at) };
  });
  const added = second.entries.filter(({ key }) =>
    find(first, key) === undefined
  );
  return { ...first, entries: [...joined, ...added] };
}
