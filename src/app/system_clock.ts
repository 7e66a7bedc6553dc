import type { Clock } from "../base/clock.ts";

/** `performance.now` and `setTimeout`. It stands still while the machine sleeps. */
export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    callAt(at, task) {
      const timer = setTimeout(task, Math.max(0, at - performance.now()));
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  };
}
