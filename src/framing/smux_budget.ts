import type { Clock, Millis } from "../base/clock.ts";
import { deferred } from "../flow/stream.ts";

/** How long one stream's unread octets may keep the others waiting. */
const HOLD: Millis = 10_000;

export interface SmuxBudgetOptions {
  /** Octets that may be unread. */
  readonly octets: number;
  readonly clock: Clock;
  /** It has been spent for so long that somebody has to go. */
  readonly onHeld: (held: Millis) => void;
}

/** Octets that the streams of a carrier have not read yet. */
export class SmuxBudget {
  readonly #options: SmuxBudgetOptions;
  #unread = 0;
  #waiting: PromiseWithResolvers<void> | undefined;
  #timer: Disposable | undefined;

  constructor(options: SmuxBudgetOptions) {
    this.#options = options;
  }

  left(): number {
    return Math.max(0, this.#options.octets - this.#unread);
  }

  spend(octets: number): void {
    this.#unread += octets;
  }

  free(octets: number): void {
    this.#unread -= octets;
    if (this.left() > 0) this.stop();
  }

  /** Somebody waits. */
  isSpent(): boolean {
    return this.#waiting !== undefined;
  }

  /** Waits until there is some left, or nobody cares any more. */
  async whileSpent(): Promise<void> {
    if (this.left() > 0) return;
    this.#waiting = deferred();
    this.#hold();
    await this.#waiting.promise;
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #hold(): void {
    const { clock, onHeld } = this.#options;
    this.#timer = clock.callAt(clock.now() + HOLD, () => {
      onHeld(HOLD);
      if (this.isSpent()) this.#hold();
    });
  }
}
