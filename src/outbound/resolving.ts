import type { Clock, Millis } from "../base/clock.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import type { Lookup } from "../names/lookup.ts";

export interface ResolvingOptions {
  readonly lookup: Lookup;
  /** For a lookup. */
  readonly timeout: Millis;
  readonly clock: Clock;
}

/** `dialer`, told the addresses of a target's name where `lookup` has them. GOST's `hosts` and `resolver`. */
export function resolving(
  dialer: Dialer,
  { lookup, timeout, clock }: ResolvingOptions,
): Dialer {
  const resolved = async (target: Target): Promise<Target> => {
    const name = target.name ?? target.dst.host;
    const what = `Resolving ${name}`;
    const { signal, trace } = target;
    const found = await withDeadline(
      { clock, timeout, signal, what },
      (signal) => lookup(name, signal),
    );
    if (found === undefined) return target;
    const { addresses, by, because } = found;
    trace.push({ by, what: addresses[0] ?? "", because });
    return { ...target, addresses };
  };
  return {
    dialStream: async (target) => dialer.dialStream(await resolved(target)),
    dialDatagram: async (target) => dialer.dialDatagram(await resolved(target)),
  };
}
