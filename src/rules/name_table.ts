import type { PortRange } from "./pattern.ts";

/**
 * Names, each with ports and a label. A hash of whole suffixes answers what a suffix trie does, with one look-up for each
 * label of a host and without a million small objects.
 */
export class NameTable {
  /** Of each name the entry that was added last. */
  readonly #newest = new Map<string, number>();
  /** Of each entry the one of the same name added before it, -1 for none. */
  readonly #older: number[] = [];
  readonly #firstPort: number[] = [];
  readonly #lastPort: number[] = [];
  readonly #label: number[] = [];

  add(name: string, ports: PortRange, label: number): void {
    this.#older.push(this.#newest.get(name) ?? -1);
    this.#firstPort.push(ports.first);
    this.#lastPort.push(ports.last);
    this.#label.push(label);
    this.#newest.set(name, this.#label.length - 1);
  }

  /** The label that was added first for exactly this name and port, -1 where there is none. */
  find(name: string, port: number): number {
    let found = -1;
    let entry = this.#newest.get(name) ?? -1;
    for (; entry >= 0; entry = this.#older[entry] ?? -1) {
      const matches = port >= (this.#firstPort[entry] ?? 0) &&
        port <= (this.#lastPort[entry] ?? 0);
      if (matches) found = this.#label[entry] ?? -1;
    }
    return found;
  }
}
