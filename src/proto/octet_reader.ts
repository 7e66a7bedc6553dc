/**
 * Reads fields of untrusted octets in network order, one after the other.
 * Behind the end it yields zeros and empty views, and `failed` stays true: ask it before believing what was read.
 */
export class OctetReader {
  readonly #octets: Uint8Array;
  /** Infinity once a field did not fit, so that none fits any more. */
  #at: number;

  constructor(octets: Uint8Array, at: number = 0) {
    this.#octets = octets;
    this.#at = at;
  }

  failed(): boolean {
    return this.#at === Infinity;
  }

  /** Octets left. */
  rest(): number {
    return Math.max(0, this.#octets.length - this.#at);
  }

  u8(): number {
    const octet = this.#octets[this.#at];
    this.#at = octet === undefined ? Infinity : this.#at + 1;
    return octet ?? 0;
  }

  u16(): number {
    return (this.u8() << 8) | this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** A variable-length integer; beyond 2^53 only about what it is. RFC 9000 §16. */
  varint(): number {
    const first = this.u8();
    let value = first & 0x3f;
    for (let more = (1 << (first >> 6)) - 1; more > 0; more--) {
      value = value * 0x100 + this.u8();
    }
    return value;
  }

  /** A view on the next `length` octets. */
  take(length: number): Uint8Array {
    const start = this.#at;
    if (length > this.rest()) this.#at = Infinity;
    if (this.failed()) return new Uint8Array();
    this.#at = start + length;
    return this.#octets.subarray(start, this.#at);
  }
}
