import type { Clock, Millis } from "../base/clock.ts";

/** Flows that have come or gone, whose traces in memory are worth a collection: it stops the program for some 50 ms. */
const WORTH = 512;

/** A time in which that disturbs the fewest. While flows come and go, the collector runs by itself. */
const QUIET: Millis = 2000;

export interface ThriftOptions {
  readonly clock: Clock;
  readonly giveBack: () => void;
}

/**
 * Gives memory back that flows have left behind. V8 collects when it allocates, so that after a wave of flows everything
 * would stay as it is for ever: 2000 of them hold 100 MB, and a second wave adds to it.
 */
export class Thrift {
  readonly #options: ThriftOptions;
  #noted = 0;
  #notedAt: Millis = 0;
  #waiting = false;

  constructor(options: ThriftOptions) {
    this.#options = options;
  }

  /** A flow has come or gone. */
  note(): void {
    this.#notedAt = this.#options.clock.now();
    if (++this.#noted >= WORTH && !this.#waiting) this.#wait();
  }

  #wait(): void {
    const { clock, giveBack } = this.#options;
    const at = this.#notedAt + QUIET;
    this.#waiting = true;
    clock.callAt(at, () => {
      if (clock.now() < this.#notedAt + QUIET) return this.#wait();
      this.#waiting = false;
      this.#noted = 0;
      giveBack();
    });
  }
}
