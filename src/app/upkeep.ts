import type { Clock, Millis } from "../base/clock.ts";

/** What goes on beside the flows of a configuration: lists that are read again, nodes that are probed. Nothing of it before `start`. */
export class Upkeep {
  readonly #clock: Clock;
  readonly #starts: (() => Disposable)[] = [];
  readonly #parts = new Set<Upkeep>();
  #running: DisposableStack | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `start` is called once, by `start` or now where that has been called. */
  add(start: () => Disposable): void {
    if (this.#running === undefined) this.#starts.push(start);
    else this.#running.use(start());
  }

  /** Runs `task` again and again, `period` after it has ended. It does not reject. */
  every(period: Millis, task: () => Promise<void>): void {
    this.repeat(period, () => task().then(() => period));
  }

  /** Runs `task` after `first`, and again as long as it says after what time. It does not reject. */
  repeat(first: Millis, task: () => Promise<Millis | undefined>): void {
    this.add(() => repeat(this.#clock, first, task));
  }

  /** One of its own for something that may go earlier: see `remove`. */
  part(): Upkeep {
    const part = new Upkeep(this.#clock);
    this.#parts.add(part);
    if (this.#running !== undefined) part.start();
    return part;
  }

  /** Stops a part for good. */
  remove(part: Upkeep): void {
    this.#parts.delete(part);
    part.stop();
  }

  start(): void {
    this.#running ??= new DisposableStack();
    for (const start of this.#starts.splice(0)) this.#running.use(start());
    for (const part of this.#parts) part.start();
  }

  stop(): void {
    for (const part of this.#parts) part.stop();
    this.#running?.[Symbol.dispose]();
    this.#running = undefined;
  }
}

function repeat(
  clock: Clock,
  first: Millis,
  task: () => Promise<Millis | undefined>,
): Disposable {
  let timer: Disposable | undefined;
  let stopped = false;
  const wait = (period: Millis | undefined): void => {
    if (stopped || period === undefined) return;
    const run = (): void => void task().then(wait);
    timer = clock.callAt(clock.now() + period, run);
  };
  wait(first);
  return {
    [Symbol.dispose]() {
      stopped = true;
      timer?.[Symbol.dispose]();
    },
  };
}
