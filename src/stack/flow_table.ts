import { type FlowKey, KEY_WORDS, sameKey } from "./flow_key.ts";

const MIN_CAPACITY = 64;

/** Anything that is found by its 5-tuple. */
export interface Keyed {
  readonly key: FlowKey;
}

/**
 * 5-tuple → flow: open addressing over words with linear probing, at most half full. A look-up costs some nanoseconds
 * (a Map with string keys 200), and none at all when it is the flow of the packet before.
 */
export class FlowTable<T extends Keyed> {
  /** Makes slots unpredictable, so that nobody can choose addresses that collide. */
  readonly #seed: number;
  #keys = new Int32Array(MIN_CAPACITY * KEY_WORDS);
  #flows: (T | undefined)[] = new Array(MIN_CAPACITY).fill(undefined);
  #size = 0;
  #last: T | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  size(): number {
    return this.#size;
  }

  get(key: FlowKey): T | undefined {
    const last = this.#last;
    if (last !== undefined && sameKey(last.key, key)) return last;
    const found = this.#flows[this.#slotOf(key)];
    if (found !== undefined) this.#last = found;
    return found;
  }

  /** Replaces a flow of the same key. */
  set(flow: T): void {
    const slot = this.#slotOf(flow.key);
    if (this.#flows[slot] === undefined) {
      if (2 * (this.#size + 1) > this.#flows.length) {
        this.#resize(2 * this.#flows.length);
        this.set(flow);
        return;
      }
      this.#size++;
      this.#keys.set(flow.key, slot * KEY_WORDS);
    }
    this.#flows[slot] = flow;
    this.#last = flow;
  }

  /** Removes `flow`, and nothing where another flow has taken its key. */
  delete(flow: T): void {
    const slot = this.#slotOf(flow.key);
    if (this.#flows[slot] !== flow) return;
    if (this.#last === flow) this.#last = undefined;
    this.#size--;
    this.#closeGap(slot);
    const capacity = this.#flows.length;
    if (capacity > MIN_CAPACITY && 8 * this.#size < capacity) {
      this.#resize(capacity / 2);
    }
  }

  *values(): Generator<T> {
    for (const flow of this.#flows) if (flow !== undefined) yield flow;
  }

  /** The slot that holds `key`, or the empty one where it belongs. */
  #slotOf(key: FlowKey): number {
    const mask = this.#flows.length - 1;
    for (let slot = this.#home(key, 0);; slot = (slot + 1) & mask) {
      if (this.#flows[slot] === undefined || this.#holds(slot, key)) {
        return slot;
      }
    }
  }

  #holds(slot: number, key: FlowKey): boolean {
    const at = slot * KEY_WORDS;
    for (let i = KEY_WORDS - 1; i >= 0; i--) {
      if (this.#keys[at + i] !== key[i]) return false;
    }
    return true;
  }

  /** Where a key, the nine words of `words` from `at` on, would like to be. */
  #home(words: Int32Array, at: number): number {
    let hash = this.#seed;
    for (let i = 0; i < KEY_WORDS; i++) {
      hash = Math.imul(hash ^ (words[at + i] ?? 0), 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    return hash & (this.#flows.length - 1);
  }

  /** Moves back what was pushed behind the freed slot, so that no look-up ends early. */
  #closeGap(freed: number): void {
    const mask = this.#flows.length - 1;
    let gap = freed;
    for (let slot = (gap + 1) & mask;; slot = (slot + 1) & mask) {
      const flow = this.#flows[slot];
      if (flow === undefined) break;
      const at = slot * KEY_WORDS;
      const home = this.#home(this.#keys, at);
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      this.#flows[gap] = flow;
      this.#keys.copyWithin(gap * KEY_WORDS, at, at + KEY_WORDS);
      gap = slot;
    }
    this.#flows[gap] = undefined;
  }

  #resize(capacity: number): void {
    const flows = this.#flows;
    this.#keys = new Int32Array(capacity * KEY_WORDS);
    this.#flows = new Array(capacity).fill(undefined);
    for (const flow of flows) {
      if (flow === undefined) continue;
      const slot = this.#slotOf(flow.key);
      this.#keys.set(flow.key, slot * KEY_WORDS);
      this.#flows[slot] = flow;
    }
  }
}
