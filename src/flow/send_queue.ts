/** Octets of the small and the large buffers. A large one holds a WebSocket message of the largest size with its header. */
const SMALL = 16 * 1024;
const LARGE = 256 * 1024 + 64;
/** How many of each wait to be written to again. Making one costs more than filling it: its zeros, and the collector's work. */
const SPARE = 16;

type Buffer = Uint8Array<ArrayBuffer>;

/** Buffers for all queues. */
export class SendBuffers {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  /** The smaller one that holds `octets`, or the larger one if none does. */
  take(octets: number): Buffer {
    return octets <= SMALL
      ? this.#small.pop() ?? new Uint8Array(SMALL)
      : this.#large.pop() ?? new Uint8Array(LARGE);
  }

  /** Takes back what `take` gave. */
  give(buffer: Buffer): void {
    const spare = buffer.length === SMALL ? this.#small : this.#large;
    if (spare.length < SPARE) spare.push(buffer);
  }
}

/** Writes `octets`, which stay as they are until `done`, now or later. */
export type Write = (octets: Uint8Array, done: () => void) => void;

interface Filling {
  readonly buffer: Buffer;
  length: number;
}

/**
 * Octets on their way to a socket. One write is under way at a time, and what comes meanwhile gathers for the next one: so a
 * write is as large as the backlog, and node:stream, which would copy its backlog once more, never has one.
 */
export class SendQueue {
  readonly #write: Write;
  readonly #buffers: SendBuffers;
  readonly #onSent: () => void;
  #waiting: Filling[] = [];
  #writing = false;
  #unsent = 0;

  /** `onSent` is told after each write. */
  constructor(write: Write, buffers: SendBuffers, onSent: () => void) {
    this.#write = write;
    this.#buffers = buffers;
    this.#onSent = onSent;
  }

  /** Octets whose write has not ended. */
  unsent(): number {
    return this.#unsent;
  }

  /** Copies `octets`. */
  push(octets: Uint8Array): void {
    this.#unsent += octets.length;
    for (let at = 0; at < octets.length;) {
      const { buffer, length } = this.#tail(octets.length - at);
      const part = octets.subarray(at, at + buffer.length - length);
      buffer.set(part, length);
      this.#grow(part.length);
      at += part.length;
    }
    if (!this.#writing) this.#next();
  }

  /** Nothing more is to be written. */
  clear(): void {
    for (const { buffer } of this.#waiting) this.#buffers.give(buffer);
    this.#waiting = [];
  }

  /** A buffer with room: a larger one behind one that is full. */
  #tail(octets: number): Filling {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.length < last.buffer.length) return last;
    const least = last === undefined ? octets : LARGE;
    const tail = { buffer: this.#buffers.take(least), length: 0 };
    this.#waiting.push(tail);
    return tail;
  }

  #grow(octets: number): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined) last.length += octets;
  }

  #next(): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    const { buffer, length } = first;
    this.#writing = true;
    this.#write(buffer.subarray(0, length), () => {
      this.#buffers.give(buffer);
      this.#unsent -= length;
      this.#writing = false;
      this.#next();
      this.#onSent();
    });
  }
}
