import type { Millis } from "../../base/clock.ts";
import type { Arrival } from "./rcv.ts";

/** RFC 9293 §3.8.6.3 allows 500 ms. Short, for a peer that waits for the ACK of a small segment (Nagle) is waiting on this machine. */
const DELAY: Millis = 10;

/** So many segments are acknowledged at once at first: they open the peer's congestion window. */
const QUICK_ACKS = 16;

/** When to acknowledge: at the end of the burst, or a little later in the hope of an answer to ride on. RFC 9293 §3.8.6.3, RFC 5681 §4.2. */
export class AckPolicy {
  /** An ACK is due with the next poll. */
  due = false;
  /** When one is due at the latest. */
  deadline: Millis = Infinity;
  /** Segments that came out of order since the last ACK. */
  duplicates = 0;
  #unacknowledged = 0;
  #quick = QUICK_ACKS;

  /** `octets` of text came; `mss` is a full segment. */
  arrived(arrival: Arrival, octets: number, mss: number, now: Millis): void {
    if (arrival !== "in order") {
      this.due = true;
      if (arrival === "not at RCV.NXT") this.duplicates++;
      return;
    }
    this.#unacknowledged += octets;
    if (this.#quick > 0) {
      this.#quick--;
      this.due = true;
    } else if (this.#unacknowledged >= 2 * mss) {
      this.due = true;
    } else if (this.deadline === Infinity) {
      this.deadline = now + DELAY;
    }
  }

  /** The deadline has passed. */
  expire(): void {
    this.due = true;
    this.deadline = Infinity;
  }

  /** A segment with ACK has left. */
  sent(): void {
    this.due = false;
    this.deadline = Infinity;
    this.duplicates = 0;
    this.#unacknowledged = 0;
  }
}
