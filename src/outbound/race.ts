import { unlessAborted } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Leg, Reached } from "./leg.ts";

/** Through whichever node is reached first; the others are let go of, and only that one is asked. GOST's `parallel`. At least one. */
export function race(legs: readonly Leg[]): Dialer {
  return {
    dialStream: async (target) =>
      await (await firstOf(legs, target.signal)).dialStream(target),
    dialDatagram: async (target) =>
      await (await firstOf(legs, target.signal)).dialDatagram(target),
  };
}

/** Rejects with the first failure where all fail. */
async function firstOf(
  legs: readonly Leg[],
  signal: AbortSignal,
): Promise<Reached> {
  const runners = legs.map((leg) => ({ leg, end: new AbortController() }));
  const endAll = (reason: unknown, but?: AbortController): void => {
    for (const { end } of runners) if (end !== but) end.abort(reason);
  };
  const onAbort = (): void => endAll(signal.reason);
  signal.addEventListener("abort", onAbort);
  let failure: { readonly first: unknown } | undefined;
  let isWon = false;
  const run = async ({ leg, end }: typeof runners[number]) => {
    try {
      const reached = await leg.reach(end.signal);
      if (isWon || signal.aborted) reached.drop();
      else endAll(new Error("Another node was reached first"), end);
      isWon = true;
      return reached;
    } catch (error) {
      failure ??= { first: error };
      throw error;
    }
  };
  try {
    return await unlessAborted(signal, Promise.any(runners.map(run)));
  } catch (error) {
    signal.throwIfAborted();
    throw failure === undefined ? error : failure.first;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
