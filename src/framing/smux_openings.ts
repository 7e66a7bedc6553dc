import type { Clock, Millis } from "../base/clock.ts";
import { unlessAborted } from "../flow/deadline.ts";

/** GOST closes a stream that finds 128 others waiting to be accepted. So half as many begin at once; GOST may be busy. */
const MOST = 64;

/** A stream of which nothing has been heard for so long has been accepted, and waits for its target. */
const PATIENCE: Millis = 100;

/** Streams that have begun and may not have been accepted yet, as smux has no answer to SYN. */
export class SmuxOpenings {
  readonly #clock: Clock;
  /** When each of them began, oldest first. */
  readonly #begun = new Map<number, Millis>();
  /** Places that have been given away, for those and for some that have not begun yet. */
  #taken = 0;
  readonly #waiting: (() => void)[] = [];
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for a place, which `begin` is to take. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#taken < MOST) {
      this.#taken++;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#watch();
    try {
      await unlessAborted(signal, promise);
    } catch (error) {
      const at = this.#waiting.indexOf(resolve);
      if (at < 0) this.#release();
      else this.#waiting.splice(at, 1);
      throw error;
    }
  }

  begin(stream: number): void {
    this.#begun.set(stream, this.#clock.now());
  }

  /** Something has come for `stream`, or it is gone. */
  heard(stream: number): void {
    if (this.#begun.size > 0 && this.#begun.delete(stream)) this.#release();
  }

  /** Nobody is to wait any more. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    const [first = this.#clock.now()] = this.#begun.values();
    this.#timer = this.#clock.callAt(first + PATIENCE, () => {
      this.#timer = undefined;
      for (const [stream, begunAt] of this.#begun) {
        if (begunAt + PATIENCE > this.#clock.now()) break;
        this.heard(stream);
      }
      if (this.#waiting.length > 0) this.#watch();
    });
  }
}
