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
export function resolving(dialer: Dialer, options: ResolvingOptions): Dialer {
  return {
    dialStream: async (target) =>
      dialer.dialStream(await resolved(target, options)),
    dialDatagram: async (target) =>
      dialer.dialDatagram(await resolved(target, options)),
  };
}

/** `target` with the addresses that `lookup` has for it. Rejects with a DialError. */
export async function resolved<T extends Target>(
  target: T,
  { lookup, timeout, clock }: ResolvingOptions,
): Promise<T> {
  if (target.addresses !== undefined) return target;
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
}
