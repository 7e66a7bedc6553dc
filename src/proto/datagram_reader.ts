import { ProtocolError } from "../base/errors.ts";

/** What two octets of length can say. */
const PAYLOAD_MAX = 0xffff;

/** How a stream announces the datagrams it carries. */
export interface DatagramLayout {
  /** Octets of header that tell how long the header is, > 0. */
  readonly headerMin: number;
  readonly headerMax: number;
  /** From `headerMin` to `headerMax`. Is given `headerMin` octets or more. */
  readonly headerLength: (header: Uint8Array) => number | ProtocolError;
  /** At most 65 535. Is given a whole header. */
  readonly payloadLength: (header: Uint8Array) => number;
}

/** Both are lent until the call returns; `header` may be followed by octets of older ones. */
export type OnDatagram = (payload: Uint8Array, header: Uint8Array) => void;

/** Takes datagrams out of a stream, however it is cut. Payloads in one piece are lent where they lie, others are collected in a buffer. */
export class DatagramReader {
  readonly #layout: DatagramLayout;
  readonly #onDatagram: OnDatagram;
  readonly #header: Uint8Array;
  /** Octets in `#header`, and how many it takes as far as they tell. */
  #have = 0;
  #headerLength: number;
  #payloadLength = 0;
  /** The first `#collected` octets of a payload that was cut. Empty until one is. */
  #buffer = new Uint8Array(0);
  #collected = 0;

  constructor(layout: DatagramLayout, onDatagram: OnDatagram) {
    this.#layout = layout;
    this.#onDatagram = onDatagram;
    this.#header = new Uint8Array(layout.headerMax);
    this.#headerLength = layout.headerMin;
  }

  /** Calls back for every datagram that ends in `octets`. After an error the stream has no boundaries any more. */
  push(octets: Uint8Array): ProtocolError | undefined {
    for (let at = 0; at < octets.length;) {
      if (this.#have < this.#headerLength) {
        this.#header[this.#have++] = octets[at++] ?? 0;
        if (this.#have < this.#headerLength) continue;
        const error = this.#measure();
        if (error !== undefined) return error;
        if (this.#have < this.#headerLength) continue;
      }
      at += this.#takePayload(octets, at);
    }
    return undefined;
  }

  /** Whether the stream may end here: no datagram has begun. */
  isBetweenDatagrams(): boolean {
    return this.#have === 0;
  }

  #measure(): ProtocolError | undefined {
    const length = this.#layout.headerLength(this.#header);
    if (length instanceof ProtocolError) return length;
    this.#headerLength = length;
    if (this.#have === length) {
      this.#payloadLength = this.#layout.payloadLength(this.#header);
    }
    return undefined;
  }

  /** Returns how many octets it took. */
  #takePayload(octets: Uint8Array, at: number): number {
    const missing = this.#payloadLength - this.#collected;
    const count = Math.min(missing, octets.length - at);
    if (count === this.#payloadLength) {
      this.#deliver(octets.subarray(at, at + count));
    } else if (count > 0) {
      this.#collect(octets.subarray(at, at + count));
      if (count === missing) {
        this.#deliver(this.#buffer.subarray(0, this.#payloadLength));
      }
    }
    return count;
  }

  #collect(part: Uint8Array): void {
    if (this.#buffer.length < this.#payloadLength) {
      // Nothing is collected yet. Twice the need, so that growing datagrams do not allocate each time.
      const capacity = Math.min(2 * this.#payloadLength, PAYLOAD_MAX);
      this.#buffer = new Uint8Array(capacity);
    }
    this.#buffer.set(part, this.#collected);
    this.#collected += part.length;
  }

  #deliver(payload: Uint8Array): void {
    this.#have = 0;
    this.#headerLength = this.#layout.headerMin;
    this.#collected = 0;
    this.#onDatagram(payload, this.#header);
  }
}
