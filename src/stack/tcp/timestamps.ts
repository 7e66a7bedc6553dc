import type { Millis } from "../../base/clock.ts";
import { RST, type Segment } from "../../wire/tcp.ts";
import { seqDiff, seqLe, seqLt } from "./seq.ts";

/** RFC 7323 §5.5: TS.Recent is not compared with any more after 24 days. */
const MAX_AGE: Millis = 24 * 24 * 3600 * 1000;

/** The timestamps option of one connection. RFC 7323 §3 to §5. */
export class Timestamps {
  readonly enabled: boolean;
  /** TS.Recent */
  recent = 0;
  #recentAt: Millis = 0;
  /** Differs from connection to connection, so that nobody learns our uptime. RFC 7323 §7.1. */
  readonly #offset: number;

  constructor(enabled: boolean, offset: number) {
    this.enabled = enabled;
    this.#offset = offset;
  }

  /** TSval at `now`, by a clock of 1 ms. */
  value(now: Millis): number {
    return (Math.floor(now) + this.#offset) | 0;
  }

  /** When the segment left whose timestamp a segment that arrives at `now` echoes, in whole milliseconds. RFC 7323 §4.1. */
  echoedAt({ options }: Segment, now: Millis): Millis | undefined {
    if (!this.enabled || !options.timestamps) return undefined;
    const age = seqDiff(this.value(now), options.tsEcr);
    return age < 0 ? undefined : Math.floor(now) - age;
  }

  /** RFC 7323 §5.3 R1 (PAWS). A segment without the option is let through, as every kernel does (deviation from §3.2). */
  isOld({ options, flags }: Segment, now: Millis): boolean {
    return this.enabled && options.timestamps && !(flags & RST) &&
      seqLt(options.tsVal, this.recent) && now - this.#recentAt < MAX_AGE;
  }

  /** RFC 7323 §4.3 (2). */
  update({ options, seq }: Segment, lastAckSent: number, now: Millis): void {
    if (!this.enabled || !options.timestamps) return;
    if (seqDiff(options.tsVal, this.recent) < 0 || !seqLe(seq, lastAckSent)) {
      return;
    }
    this.take(options.tsVal, now);
  }

  /** TSval of the peer's SYN, or of a segment that `update` has judged. */
  take(tsVal: number, now: Millis): void {
    this.recent = tsVal;
    this.#recentAt = now;
  }
}
