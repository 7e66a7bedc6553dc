import type { Protocol } from "../base/socket.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";
import type { Select } from "./select.ts";

/** One hop of a chain, and what keeps flows out of it. */
export interface ChainHop {
  readonly name: string;
  /** A hit ends the chain before this hop. */
  readonly bypass: BypassGroup | undefined;
  /** Without a node the chain ends before this hop, too. */
  readonly select: Select;
  /** More than one, so that the trace says which it was. */
  readonly hasChoice: boolean;
}

/** The hops as far as no bypass ends them, each by a node of its own choice; `direct` where none is left. GOST's semantics of a bypass on a hop. */
export function chain(direct: Dialer, hops: readonly ChainHop[]): Dialer {
  const choose = (protocol: Protocol, target: Target): Dialer => {
    const network = target.network ?? protocol;
    let way: Dialer | undefined;
    for (const { name: by, bypass, select, hasChoice } of hops) {
      const verdict = bypass?.(network, candidatesOf(target));
      const { node, because } = verdict?.bypassed
        ? { node: undefined, because: verdict.because }
        : select(network, target);
      if (node === undefined) {
        const what = way === undefined ? "direct" : `not through ${by}`;
        target.trace.push({ by, what, because });
        break;
      }
      if (hasChoice) target.trace.push({ by, what: node.name, because });
      way = node.through(way);
    }
    return way ?? direct;
  };
  return {
    dialStream: (target) => choose("tcp", target).dialStream(target),
    dialDatagram: (target) => choose("udp", target).dialDatagram(target),
  };
}
