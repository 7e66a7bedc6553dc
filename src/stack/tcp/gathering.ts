import type { Millis } from "../../base/clock.ts";

/** A payload of this many octets is part of a bulk transfer. */
const BULK = 32 * 1024;

/**
 * So long at most octets wait behind a burst until they are one themselves. Without it each 64 KiB of a socket leave as a burst
 * and a rest, and both are acknowledged: twice the system calls.
 */
const PATIENCE: Millis = 1;

/** Whether less than a burst waits for more, as long as something is in flight whose ACK would let it go. */
export class Gathering {
  /** When what waits must leave at the latest. */
  until: Millis = -Infinity;

  /** `octets` have left in one packet. */
  sent(octets: number, now: Millis): void {
    if (octets >= BULK) this.until = now + PATIENCE;
  }

  holds(unsent: number, now: Millis): boolean {
    return now < this.until && unsent > 0 && unsent < BULK;
  }
}
