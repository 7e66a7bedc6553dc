import type { Millis } from "../../base/clock.ts";
import { seqLt } from "./seq.ts";

/** RFC 6298 §2.1. */
const INITIAL_RTO: Millis = 1000;
/** Deviation: RFC 6298 §2.4 asks for 1 s. Linux and every peer use 200 ms, and our far side is on the same machine. */
const MIN_RTO: Millis = 200;
/** RFC 6298 §2.5. */
const MAX_RTO: Millis = 60_000;
/** Clock granularity, RFC 6298 §2. */
const G: Millis = 1;

/** Round trips, and the retransmission timeout made of them. RFC 6298. */
export class Rtt {
  /** The smallest round trip that was timed. */
  min: Millis = Infinity;
  /** SRTT; -1 before the first sample. */
  srtt: Millis = -1;
  #rttvar: Millis = 0;
  #backoff = 0;
  /** The octet being timed, and since when; nothing is timed at -1. */
  #timedSeq = 0;
  #timedAt: Millis = -1;

  /** The octet at `seq` leaves for the first time; one per round trip is timed. */
  start(seq: number, now: Millis): void {
    if (this.#timedAt >= 0) return;
    this.#timedSeq = seq;
    this.#timedAt = now;
  }

  /** Something was sent again, so an ACK could mean either. RFC 6298 §3 (Karn). */
  forget(): void {
    this.#timedAt = -1;
  }

  /**
   * SND.UNA advanced to `una` by a segment that arrived at `now`. RFC 6298 §5.7: the back-off has served. Where nothing is
   * timed because something was sent again, the echoed timestamp tells the round trip (RFC 7323 §4.1).
   */
  acknowledge(una: number, now: Millis, echoedAt: Millis | undefined): void {
    this.#backoff = 0;
    if (this.#timedAt < 0) {
      if (echoedAt !== undefined) this.#smooth(Math.floor(now) - echoedAt);
      return;
    }
    if (!seqLt(this.#timedSeq, una)) return;
    this.min = Math.min(this.min, now - this.#timedAt);
    this.#smooth(now - this.#timedAt);
    this.#timedAt = -1;
  }

  rto(): Millis {
    const base = this.srtt < 0
      ? INITIAL_RTO
      : Math.max(MIN_RTO, this.srtt + Math.max(G, 4 * this.#rttvar));
    return Math.min(MAX_RTO, base * 2 ** this.#backoff);
  }

  /** RFC 6298 §5.5. */
  backOff(): void {
    this.#backoff = Math.min(this.#backoff + 1, 16);
  }

  /** RFC 6298 §2.2, §2.3. */
  #smooth(rtt: Millis): void {
    if (this.srtt < 0) {
      this.srtt = rtt;
      this.#rttvar = rtt / 2;
    } else {
      this.#rttvar = 0.75 * this.#rttvar + 0.25 * Math.abs(this.srtt - rtt);
      this.srtt = 0.875 * this.srtt + 0.125 * rtt;
    }
  }
}
