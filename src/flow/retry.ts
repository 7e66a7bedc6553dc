import { describe, DialError } from "../base/errors.ts";
import type { Target } from "./flow.ts";

/** Tries again, up to `retries` times, when a dial has failed; `left` says how often that is still possible. GOST's `retries`. */
export async function retry<T>(
  { signal, trace }: Target,
  retries: number,
  attempt: (left: number) => Promise<T>,
): Promise<T> {
  for (let left = retries;; left--) {
    try {
      return await attempt(left);
    } catch (error) {
      const mayHelp = error instanceof DialError && !error.isDecision &&
        !signal.aborted;
      if (left === 0 || !mayHelp) throw error;
      const because = describe(error);
      trace.push({ by: "retries", what: "once more", because });
    }
  }
}
