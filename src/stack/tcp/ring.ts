import type { BufferPool } from "../buffer_pool.ts";

const NONE = new Uint8Array(0);

/**
 * Octets of one direction of a flow. Grows by need and holds no memory when told to let go. Offsets count from the first
 * octet that has not been dropped; the owner knows how many behind it are meaningful.
 */
export class Ring {
  readonly #pool: BufferPool;
  /** Empty, or a power of two long. */
  #buffer: Uint8Array<ArrayBuffer> = NONE;
  /** Index of offset 0. */
  #head = 0;
  /** Octets that room was made for since the buffer was taken, and before it was given back the last time. */
  #high = 0;
  #usual = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Makes room for offsets below `octets`, keeping what is there; false when the memory of all flows is used up. */
  ensure(octets: number): boolean {
    if (octets > this.#high) this.#high = octets;
    if (octets <= this.#buffer.length) return true;
    // As large at once as it was before: growing anew with each burst costs a copy of everything for each doubling.
    const empty = this.#buffer.length === 0;
    const wanted = empty && octets < this.#usual ? this.#usual : octets;
    const larger = this.#pool.take(wanted);
    if (larger === undefined) return false;
    const upper = this.#buffer.subarray(this.#head);
    larger.set(upper);
    larger.set(this.#buffer.subarray(0, this.#head), upper.length);
    if (!empty) this.#pool.give(this.#buffer);
    this.#buffer = larger;
    this.#head = 0;
    return true;
  }

  /** Copies `octets` to `offset`; `ensure` has made the room. */
  write(offset: number, octets: Uint8Array): void {
    const size = this.#buffer.length;
    const at = (this.#head + offset) & (size - 1);
    const first = Math.min(octets.length, size - at);
    if (first === octets.length) {
      this.#buffer.set(octets, at);
    } else {
      this.#buffer.set(octets.subarray(0, first), at);
      this.#buffer.set(octets.subarray(first), 0);
    }
  }

  /** Copies `length` octets at `offset` into `into` at `at`. */
  copy(offset: number, length: number, into: Uint8Array, at: number): void {
    const size = this.#buffer.length;
    const from = (this.#head + offset) & (size - 1);
    const first = Math.min(length, size - from);
    into.set(this.#buffer.subarray(from, from + first), at);
    if (first < length) {
      into.set(this.#buffer.subarray(0, length - first), at + first);
    }
  }

  /** Lends the first `length` octets in one piece or two. */
  lend(length: number, take: (octets: Uint8Array) => void): void {
    const buffer = this.#buffer;
    const head = this.#head;
    const first = Math.min(length, buffer.length - head);
    take(buffer.subarray(head, head + first));
    if (first < length) take(buffer.subarray(0, length - first));
  }

  /** Offset `octets` becomes offset 0. */
  drop(octets: number): void {
    this.#head = (this.#head + octets) & (this.#buffer.length - 1);
  }

  /** Gives the memory back; everything in it is lost. */
  release(): void {
    if (this.#buffer.length > 0) this.#pool.give(this.#buffer);
    this.#buffer = NONE;
    this.#head = 0;
    this.#usual = this.#high;
    this.#high = 0;
  }
}
