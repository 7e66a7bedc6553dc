import type { Millis } from "../../base/clock.ts";
import { Rtt } from "./rtt.ts";

/** RFC 9293 §3.8.6.1: the interval between probes grows to this. */
const MAX_PROBE_INTERVAL: Millis = 60_000;

/** RFC 9293 §3.8.3, R2: how long a peer may stay silent with something outstanding. */
const USER_TIMEOUT: Millis = 100_000;

/** The one timer of a sender: retransmission (RFC 6298 §5), or probing while the peer's window is shut. */
export class SendTimer {
  /** Infinity when it does not run. */
  deadline: Millis = Infinity;
  readonly rtt = new Rtt();
  /** It runs for the next probe. */
  probing = false;
  #probes = 0;
  /** When the peer should have answered; -1 while it does. */
  #silentSince: Millis = -1;

  /** Something is in flight. RFC 6298 §5.1. */
  start(now: Millis): void {
    if (this.deadline === Infinity) this.restart(now);
  }

  /** RFC 6298 §5.3. */
  restart(now: Millis): void {
    this.probing = false;
    this.deadline = now + this.rtt.rto();
  }

  /** Something waits that the window does not let out. RFC 9293 §3.8.6.1. */
  probe(now: Millis): void {
    const interval = this.rtt.rto() * 2 ** Math.min(this.#probes, 16);
    this.deadline = now + Math.min(MAX_PROBE_INTERVAL, interval);
    if (this.probing) this.#probes++;
    this.probing = true;
  }

  stop(): void {
    this.probing = false;
    this.deadline = Infinity;
  }

  /** The window opened. */
  open(): void {
    this.#probes = 0;
    if (this.probing) this.stop();
  }

  /** An acceptable segment came. */
  answered(): void {
    this.#silentSince = -1;
  }

  /** To be asked when the deadline has passed. */
  hasGivenUp(now: Millis): boolean {
    if (this.#silentSince < 0) this.#silentSince = now;
    return now - this.#silentSince > USER_TIMEOUT;
  }
}
