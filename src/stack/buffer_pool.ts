/** Smallest and largest buffer, as powers of two. */
const MIN_SHIFT = 12;
const MAX_SHIFT = 24;

/** What is kept of given-back buffers, in octets; the rest goes to the collector. */
const KEEP = 16 * 1024 * 1024;

/** Largest sum of buffers in use, in octets: the memory that all flows share (tcp-level, both directions). */
const BUDGET = 256 * 1024 * 1024;

/** Buffers of powers of two for the rings of all flows, so that an idle flow holds none and a busy one costs no allocation. */
export class BufferPool {
  /** Indexed by shift. */
  readonly #free: Uint8Array<ArrayBuffer>[][] = [];
  #kept = 0;
  #inUse = 0;

  constructor() {
    for (let shift = 0; shift <= MAX_SHIFT; shift++) this.#free.push([]);
  }

  /** A buffer of at least `octets`, its content arbitrary; undefined when the budget is spent. */
  take(octets: number): Uint8Array<ArrayBuffer> | undefined {
    const shift = Math.max(MIN_SHIFT, 32 - Math.clz32(octets - 1));
    const size = 1 << shift;
    if (shift > MAX_SHIFT || this.#inUse + size > BUDGET) return undefined;
    this.#inUse += size;
    const kept = this.#free[shift]?.pop();
    if (kept === undefined) return new Uint8Array(size);
    this.#kept -= size;
    return kept;
  }

  /** Takes over a buffer that `take` gave. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#inUse -= buffer.length;
    if (this.#kept + buffer.length > KEEP) return;
    this.#kept += buffer.length;
    this.#free[31 - Math.clz32(buffer.length)]?.push(buffer);
  }

  /** Whether flows may ask for more than they have: half of the budget is kept for those that come. */
  isAmple(): boolean {
    return this.#inUse < BUDGET / 2;
  }

  /** Octets in buffers that were taken and not given back. */
  inUse(): number {
    return this.#inUse;
  }
}
