import type { Millis } from "../../base/clock.ts";

/** RFC 9293 §3.8.4: how long a peer may be silent before it is asked, and how often it is asked then. As tun2socks has it. */
const IDLE: Millis = 60_000;
const INTERVAL: Millis = 30_000;
const PROBES = 9;

/** Asks a silent peer whether it is still there. RFC 9293 §3.8.4. */
export class KeepAlive {
  /** When the last segment came. */
  #heardAt: Millis = 0;
  /** Probes since then. */
  #probes = 0;

  heard(now: Millis): void {
    this.#heardAt = now;
    this.#probes = 0;
  }

  /** When the next probe is due. */
  deadline(): Millis {
    return this.#heardAt + IDLE + this.#probes * INTERVAL;
  }

  /** The deadline has passed: whether a probe may still help. */
  mayProbe(): boolean {
    if (this.#probes === PROBES) return false;
    this.#probes++;
    return true;
  }
}
