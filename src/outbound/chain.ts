import type { Position } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";
import type { Decide, Route } from "./route.ts";
import type { Choice, Select } from "./select.ts";

/** One hop of a chain, and what keeps flows out of it. */
export interface ChainHop {
  readonly name: string;
  readonly at: Position;
  /** A hit ends the chain before this hop. */
  readonly bypass: BypassGroup | undefined;
  /** Without a node the chain ends before this hop, too. */
  readonly select: Select;
  /** More than one, so that the trace says which it was. */
  readonly hasChoice: boolean;
  /** A node's bypass may go by the target's name, or a node is asked for it. */
  readonly needsName: boolean;
}

/** Whether the name of `target` matters: for what a hop's bypass says, or because a node is asked for it. */
export function needsName(
  hops: readonly ChainHop[],
  network: string,
  target: Target,
): boolean {
  for (const { bypass, needsName } of hops) {
    const verdict = bypass?.(network, candidatesOf(target));
    if (verdict?.final === false) return true;
    if (verdict?.bypassed) return false;
    if (needsName) return true;
  }
  return false;
}

/** Has the carrier ready that `target` will take unless its name says otherwise. Where a hop has a choice only the dial itself makes it. */
export function prepare(
  hops: readonly ChainHop[],
  network: string,
  target: Target,
): void {
  let way: Dialer | undefined;
  for (const { bypass, select, hasChoice } of hops) {
    if (bypass?.(network, candidatesOf(target)).bypassed) break;
    const node = hasChoice ? undefined : select(network, target).node;
    if (node === undefined) return;
    way = node.through(way);
  }
  way?.prepare?.();
}

/** The hops as far as no bypass ends them, each by a node of its own choice; `direct` where none is left. GOST's semantics of a bypass on a hop. */
export function chain(direct: Route, hops: readonly ChainHop[]): Decide {
  return (network, target) => {
    const nodes: Choice[] = [];
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
      nodes.push(node);
      way = node.through(way);
    }
    const [first] = nodes;
    return first === undefined || way === undefined ? direct : {
      nodes,
      dialer: way,
      egress: first.egress,
      identity: identityOf(nodes),
    };
  };
}

function identityOf(nodes: readonly Choice[]): string {
  return nodes.map(({ identity }) => identity).join("\n");
}
