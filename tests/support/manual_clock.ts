import type { Clock, Millis } from "../../src/base/clock.ts";

/** A clock that only the test moves. */
export class ManualClock implements Clock {
  #now: Millis = 0;
  #tasks: { at: Millis; task: () => void }[] = [];

  now(): Millis {
    return this.#now;
  }

  callAt(at: Millis, task: () => void): Disposable {
    const entry = { at, task };
    this.#tasks.push(entry);
    return {
      [Symbol.dispose]: () => {
        this.#tasks = this.#tasks.filter((other) => other !== entry);
      },
    };
  }

  /** Lets time pass and runs what is due, in order; microtasks run in between. */
  async advance(millis: Millis): Promise<void> {
    const end = this.#now + millis;
    await settle();
    for (;;) {
      const [next] = this.#tasks.filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      await settle();
    }
    this.#now = end;
  }

  /** Timers that nobody has cancelled. */
  pending(): number {
    return this.#tasks.length;
  }
}

/** Runs what microtasks have to do. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
