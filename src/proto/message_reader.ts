import { ProtocolError } from "../base/errors.ts";

/** A message at the start of some octets, and how many of them it takes. */
export interface Parsed<T> {
  readonly value: T;
  readonly length: number;
}

/** "more": the octets end inside the message. */
export type Progress<T> = Parsed<T> | "more" | ProtocolError;

export interface MessageType<T> {
  /** For errors. */
  readonly protocol: string;
  /** Octets of the longest message. */
  readonly max: number;
  /** Is given all octets so far, at most `max`, and keeps no view of them. */
  readonly parse: (octets: Uint8Array) => Progress<T>;
}

/** Reads the one message that a stream begins with, however it is cut, and leaves alone what follows. */
export class MessageReader<T> {
  readonly #type: MessageType<T>;
  /** Holds the first `#have` octets of a message that was cut; empty until then, at most `max` octets long. */
  #buffer = new Uint8Array(0);
  #have = 0;

  constructor(type: MessageType<T>) {
    this.#type = type;
  }

  /** `length` of the result counts octets of `piece` alone. The reader is done when the result is not "more". */
  push(piece: Uint8Array): Progress<T> {
    const { protocol, max, parse } = this.#type;
    const before = this.#have;
    const taken = piece.subarray(0, max - before);
    const seen = before === 0 ? taken : this.#hold(taken);
    const parsed = parse(seen);
    if (parsed instanceof ProtocolError) return parsed;
    if (parsed !== "more") {
      return { value: parsed.value, length: parsed.length - before };
    }
    if (seen.length === max) {
      return new ProtocolError(
        protocol,
        `Expected a message of at most ${max} octets`,
      );
    }
    if (before === 0) this.#hold(taken);
    return "more";
  }

  #hold(piece: Uint8Array): Uint8Array {
    const have = this.#have + piece.length;
    if (have > this.#buffer.length) {
      // Doubling: a message in pieces of one octet is not copied once for each of them.
      const capacity = Math.min(this.#type.max, Math.max(64, 2 * have));
      const grown = new Uint8Array(capacity);
      grown.set(this.#buffer.subarray(0, this.#have));
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#have);
    this.#have = have;
    return this.#buffer.subarray(0, have);
  }
}
