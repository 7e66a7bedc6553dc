/** A map of at most `bound` entries: beyond, the one that was set the longest time ago is forgotten. */
export class BoundedMap<K, V> {
  readonly #bound: number;
  /** The oldest first. */
  readonly #entries = new Map<K, V>();

  constructor(bound: number) {
    this.#bound = bound;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    // Deleted first, because a key that is overwritten keeps its place.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#bound) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
