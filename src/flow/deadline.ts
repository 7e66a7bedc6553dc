import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import { deferred } from "./stream.ts";

export interface DeadlineOptions {
  readonly clock: Clock;
  /** From now; without one only `signal` is a bound. */
  readonly timeout?: Millis | undefined;
  /** Aborts earlier. */
  readonly signal: AbortSignal;
  /** What takes too long: "Connecting to 192.0.2.1:443". */
  readonly what: string;
}

/**
 * Runs `task` with a signal that aborts with `signal`, or with a DialError ("timeout"), and rejects at once when that
 * happens: what the task has opened by then is the task's to close.
 */
export async function withDeadline<T>(
  options: DeadlineOptions,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, timeout, signal, what } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  using _timer = timeout === undefined
    ? undefined
    : clock.callAt(clock.now() + timeout, () => {
      const message = `${what} took longer than ${timeout / 1000} s`;
      controller.abort(new DialError("timeout", message));
    });
  try {
    return await unlessAborted(controller.signal, task(controller.signal));
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Rejects with the signal's reason when it aborts. For a signal that lives no longer than who waits. */
export function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = deferred<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}

/** Rejects with the signal's reason when it aborts before `promise` has settled. */
export function unlessAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", onAbort)
    );
  });
}
