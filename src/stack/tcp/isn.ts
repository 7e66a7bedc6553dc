import type { Millis } from "../../base/clock.ts";
import type { FlowKey } from "../flow_key.ts";
import { halfSipHash } from "../siphash.ts";

/** Initial sequence numbers, and the offsets of timestamps, that nobody can predict. RFC 6528 §3, RFC 7323 §7.1. */
export class IsnGenerator {
  readonly #secret: Int32Array;

  /** `secret`: four random words. */
  constructor(secret: Int32Array) {
    this.#secret = secret;
  }

  /** ISS of a connection that begins at `now`: M + F, with RFC 6528's clock of 4 µs. */
  next(key: FlowKey, now: Millis): number {
    return (Math.floor(now * 250) + this.#hash(key, 0)) | 0;
  }

  timestampOffset(key: FlowKey): number {
    return this.#hash(key, 2);
  }

  #hash(key: FlowKey, at: number): number {
    const [first = 0, second = 0] = this.#secret.subarray(at, at + 2);
    return halfSipHash(first, second, key);
  }
}
