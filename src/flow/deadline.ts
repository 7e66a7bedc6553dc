import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";

export interface DeadlineOptions {
  readonly clock: Clock;
  /** From now. */
  readonly timeout: Millis;
  /** Aborts earlier. */
  readonly signal: AbortSignal;
  /** What takes too long: "Connecting to 192.0.2.1:443". */
  readonly what: string;
}

/** Runs `task` with a signal that aborts with `signal`, or with a DialError ("timeout"); whichever comes first rejects. */
export async function withDeadline<T>(
  options: DeadlineOptions,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, timeout, signal, what } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  using _timer = clock.callAt(clock.now() + timeout, () => {
    const seconds = timeout / 1000;
    controller.abort(
      new DialError("timeout", `${what} took longer than ${seconds} s`),
    );
  });
  try {
    return await task(controller.signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
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
