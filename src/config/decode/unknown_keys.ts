import { KNOWN_KEYS } from "../known_keys.ts";
import type { Problems } from "../problems.ts";
import { unknownKey } from "../values/nearest.ts";
import type { Metadata } from "./metadata.ts";

/** A field that GOST's command line fills from a parameter of which copies stay in the metadata. */
export interface Origin {
  readonly key: string;
  /** Where it belongs. */
  readonly path: string;
  /** Whether the field says something, so that the key is such a copy. */
  readonly isSet: boolean;
}

/**
 * Complains of the keys that nobody asked for in the metadata of objects that belong together. The command line puts its
 * parameters into all of them, so what another one knows, and has, is all right.
 */
export function reportUnknown(
  group: readonly Metadata[],
  origins: readonly Origin[],
  problems: Problems,
): void {
  for (const metadata of group) {
    for (const entry of metadata.entries()) {
      const { key, at } = entry;
      if (metadata.knows(key)) continue;
      const owner = group.find((other) => other.knows(key));
      const origin = origins.find((origin) => isSame(origin.key, key));
      if (owner?.entry([key]) !== undefined || origin?.isSet) continue;
      const home = owner ?? origin;
      if (home !== undefined) {
        problems.warn(
          `"${key}" has no effect here: it belongs to ${home.path}`,
          metadata.place(entry),
        );
      } else if (KNOWN_KEYS.some((known) => isSame(known, key))) {
        problems.warn(`"${key}" has no effect here`, metadata.place(entry));
      } else {
        const known = [
          ...group.flatMap((other) => other.known()),
          ...origins.map((origin) => origin.key),
        ];
        problems.error(
          unknownKey(key, known, "no key has a name like it"),
          { path: metadata.path, at },
        );
      }
    }
  }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
