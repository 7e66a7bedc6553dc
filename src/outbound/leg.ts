import type { Dialer } from "../flow/dialer.ts";

/** A way through a node, which can be reached before anybody asks it for a target. */
export interface Leg extends Dialer {
  /** Rejects with a DialError. */
  reach(signal: AbortSignal): Promise<Reached>;
}

/** A node that has been reached; each may ask for one target. */
export interface Reached extends Dialer {
  /** Lets go of it, unasked. */
  drop(): void;
}

/** A dialer that opens sockets of its own has nothing to reach. */
export function legOf(dialer: Dialer): Leg {
  return {
    ...dialer,
    reach: () => Promise.resolve({ ...dialer, drop: () => {} }),
  };
}
