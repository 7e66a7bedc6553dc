import type { Millis } from "../../base/clock.ts";
import { seqLt } from "./seq.ts";

/** A peer may hold its ACK of a lone segment back for so long. RFC 8985 §7.2, TLP.max_ack_delay. */
const ACK_DELAY: Millis = 200;

/** Below this, the event loops of both sides are what is measured. */
const MIN_DELAY: Millis = 10;

/** Asks for an ACK when the end of a flight has been silent for two round trips, long before the time-out. RFC 8985 §7. */
export class TailLossProbe {
  /** PTO. Infinity when no probe is due. */
  deadline: Millis = Infinity;
  /** TLP.end_seq; undefined while no probe is out. */
  #end: number | undefined;
  /** TLP.is_retrans */
  #again = false;
  /** Octets in flight when the probe left. */
  #flight = 0;

  /** The flight has changed at `now`; `lone` tells whether it is one segment. RFC 8985 §7.2. */
  schedule(now: Millis, srtt: Millis, lone: boolean): void {
    const delay = Math.max(MIN_DELAY, 2 * srtt) + (lone ? ACK_DELAY : 0);
    this.deadline = this.#end === undefined ? now + delay : Infinity;
  }

  stop(): void {
    this.deadline = Infinity;
  }

  /** A probe has left that ends before `end`, with `flight` octets in flight; `again` when it repeats the last of them. */
  sent(end: number, flight: number, again: boolean): void {
    this.#end = end;
    this.#flight = flight;
    this.#again = again;
  }

  /**
   * An acceptable ACK has come. When it shows that the probe has repaired a loss of which nothing else tells, returns how much
   * was in flight then, otherwise 0. RFC 8985 §7.4.2.
   */
  acknowledge(ack: number, duplicate: boolean): number {
    if (this.#end === undefined || seqLt(ack, this.#end)) return 0;
    const beyond = seqLt(this.#end, ack);
    if (!this.#again || duplicate || beyond) this.#end = undefined;
    return this.#again && !duplicate && beyond ? this.#flight : 0;
  }
}
