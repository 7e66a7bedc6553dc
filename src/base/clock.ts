/** Milliseconds on a monotonic clock; the origin is arbitrary. */
export type Millis = number;

export interface Clock {
  now(): Millis;
  /** Runs `task` once at `at`; dispose the result to cancel. */
  callAt(at: Millis, task: () => void): Disposable;
}
