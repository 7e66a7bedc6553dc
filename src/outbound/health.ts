import type { Clock, Millis } from "../base/clock.ts";

export interface HealthOptions {
  /** So many failures in a row keep flows away; at least 1. */
  readonly maxFails: number;
  /** For how long after the latest of them. */
  readonly failTimeout: Millis;
  readonly clock: Clock;
}

/** What a node's last dials say of it. GOST's `maxFails` and `failTimeout`. */
export class Health {
  readonly #options: HealthOptions;
  #fails = 0;
  #failedAt: Millis = -Infinity;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Whether flows stay away. The count outlives the time: one more failure is enough for another. */
  isFailed(): boolean {
    const { maxFails, failTimeout, clock } = this.#options;
    return this.#fails >= maxFails &&
      clock.now() - this.#failedAt < failTimeout;
  }

  /** The node itself could not be reached or has broken down; a target that cannot be reached through it is none of its faults. */
  fail(): void {
    this.#fails++;
    this.#failedAt = this.#options.clock.now();
  }

  succeed(): void {
    this.#fails = 0;
  }
}
