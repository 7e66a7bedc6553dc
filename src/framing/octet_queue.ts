/** Octets of the least chunk: pieces of a few octets must not cost more than they hold. */
const CHUNK = 2048;

interface Chunk {
  readonly octets: Uint8Array<ArrayBuffer>;
  length: number;
}

/** Octets that wait for their reader. Whoever fills it sees to its bound. */
export class OctetQueue {
  #chunks: Chunk[] = [];
  #length = 0;

  length(): number {
    return this.#length;
  }

  /** Copies `octets`. */
  push(octets: Uint8Array): void {
    this.#length += octets.length;
    const last = this.#chunks.at(-1);
    const room = last === undefined ? 0 : last.octets.length - last.length;
    const head = octets.subarray(0, room);
    if (last !== undefined && head.length > 0) {
      last.octets.set(head, last.length);
      last.length += head.length;
    }
    const { length } = octets.subarray(room);
    if (length === 0) return;
    const chunk = new Uint8Array(Math.max(CHUNK, length));
    chunk.set(octets.subarray(room));
    this.#chunks.push({ octets: chunk, length });
  }

  /** Hands everything to `take`. */
  drain(take: (octets: Uint8Array) => void): void {
    const chunks = this.#chunks;
    this.clear();
    for (const { octets, length } of chunks) take(octets.subarray(0, length));
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }
}
