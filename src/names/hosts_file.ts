import type { Position } from "../base/errors.ts";
import { formatAddress, parseAddress } from "../wire/address.ts";
import type { HostEntry } from "./hosts.ts";

/** A line that cannot be used, and is left out. */
export interface HostsProblem {
  readonly at: Position;
  /** What is no address. */
  readonly text: string;
}

export interface HostsFile {
  readonly entries: readonly HostEntry[];
  readonly problems: readonly HostsProblem[];
}

/** hosts(5): an address and its names a line, "#" starts a comment. `file` is what positions call it. */
export function parseHostsFile(text: string, file: string): HostsFile {
  const entries: HostEntry[] = [];
  const problems: HostsProblem[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const words = line.replace(/#.*/, "").split(/\s+/).filter(Boolean);
    const [first, ...names] = words;
    if (first === undefined) continue;
    const at = { file, line: i + 1, column: line.indexOf(first) + 1 };
    const octets = parseAddress(first);
    if (octets === undefined) {
      problems.push({ at, text: first });
      continue;
    }
    const address = formatAddress(octets);
    for (const name of names) {
      entries.push({ name: name.toLowerCase(), address, at });
    }
  }
  return { entries, problems };
}
