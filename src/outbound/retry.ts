import { DialError } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";

/** Dials again, up to `retries` times, when a dial has failed. GOST's `retries`. */
export function retry(dialer: Dialer, retries: number): Dialer {
  if (retries === 0) return dialer;
  const attempt = async <T>(
    target: Target,
    dial: () => Promise<T>,
  ): Promise<T> => {
    for (let left = retries;; left--) {
      try {
        return await dial();
      } catch (error) {
        const decided = error instanceof DialError && error.isDecision;
        if (left === 0 || decided || target.signal.aborted) throw error;
      }
    }
  };
  return {
    dialStream: (target) => attempt(target, () => dialer.dialStream(target)),
    dialDatagram: (target) =>
      attempt(target, () => dialer.dialDatagram(target)),
  };
}
