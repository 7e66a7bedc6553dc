import type { Protocol } from "../base/socket.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";

/** One hop of a chain, and what keeps flows out of it. */
export interface ChainHop {
  readonly name: string;
  /** Those of the hop and of its node; a hit of any ends the chain before this hop. */
  readonly bypasses: readonly BypassGroup[];
  /** The way through this hop and all before it. */
  readonly dialer: Dialer;
}

/** The hops as far as no bypass ends them; `direct` where none is left. GOST's semantics of a bypass on a hop. */
export function chain(direct: Dialer, hops: readonly ChainHop[]): Dialer {
  const choose = (protocol: Protocol, target: Target): Dialer => {
    const network = target.network ?? protocol;
    let way = direct;
    for (const { name, bypasses, dialer } of hops) {
      const candidates = candidatesOf(target);
      const hit = bypasses.map((decide) => decide(network, candidates))
        .find(({ bypassed }) => bypassed);
      if (hit !== undefined) {
        const what = way === direct ? "direct" : `not through ${name}`;
        target.trace.push({ by: name, what, because: hit.because });
        return way;
      }
      way = dialer;
    }
    return way;
  };
  return {
    dialStream: (target) => choose("tcp", target).dialStream(target),
    dialDatagram: (target) => choose("udp", target).dialDatagram(target),
  };
}
