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
  /** Of the latest failure. */
  #cause: unknown;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Whether flows stay away. The count outlives the time: one more failure is enough for another. */
  isFailed(): boolean {
    const { maxFails, failTimeout, clock } = this.#options;
    return this.#fails >= maxFails &&
      clock.now() - this.#failedAt < failTimeout;
  }

  /**
   * The node itself could not be reached or has broken down; a target that cannot be reached through it is none of its faults. What several dials
   * have met with, such as the end of the carrier that they shared, counts once.
   */
  fail(error: unknown): void {
    const cause = rootOf(error);
    if (cause === this.#cause) return;
    this.#cause = cause;
    this.#fails++;
    this.#failedAt = this.#options.clock.now();
  }

  succeed(): void {
    this.#fails = 0;
  }
}

function rootOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? error : rootOf(cause);
}
