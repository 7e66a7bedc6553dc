import { formatPosition } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";
import type { Health } from "./health.ts";
import type { Route, RouteNode } from "./route.ts";

/** One of a hop's nodes. */
export interface Choice extends RouteNode {
  /** Of sockets that it opens from here. */
  readonly egress: Route["egress"];
  /** A hit leaves the node out. */
  readonly bypass: BypassGroup | undefined;
  /** Its share with `random`; at least 1. */
  readonly weight: number;
  /** Taken only where no other is left. */
  readonly backup: boolean;
  readonly health: Pick<Health, "isFailed">;
  /** The way through the node, reached by `before`, or from here. */
  readonly through: (before: Dialer | undefined) => Dialer;
}

/**
 * - `round`: one after the other
 * - `random`: by weight
 * - `fifo`: the first, as long as it works
 * - `hash`: the same for all flows of one source address
 */
export type Strategy = "round" | "random" | "fifo" | "hash";

export interface SelectOptions {
  readonly strategy: Strategy;
  /** At least one. */
  readonly nodes: readonly Choice[];
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Selection {
  /** Undefined when bypasses leave none. */
  readonly node: Choice | undefined;
  readonly because: string;
}

export type Select = (network: string, target: Target) => Selection;

/** Chooses a node for each dial, as GOST does: never one that a bypass leaves out, and a failed one only where all have failed. */
export function select({ strategy, nodes, random }: SelectOptions): Select {
  const pick = pickBy(strategy, random);
  return (network, target) => {
    const destinations = candidatesOf(target);
    const excluded: string[] = [];
    const allowed = nodes.filter(({ bypass }) => {
      const verdict = bypass?.(network, destinations);
      if (verdict?.bypassed) excluded.push(verdict.because);
      return !verdict?.bypassed;
    });
    const [first] = allowed;
    if (first === undefined) {
      return { node: undefined, because: excluded[0] ?? "there is no node" };
    }
    const kept = allowed.find(({ identity }) => target.keep?.has(identity));
    if (kept !== undefined) {
      const because = `it goes there already, ${formatPosition(kept.at)}`;
      return { node: kept, because };
    }
    const working = allowed.filter(({ health }) => !health.isFailed());
    if (working.length === 0) {
      const because = `all have failed: the first, ${formatPosition(first.at)}`;
      return { node: first, because };
    }
    const primaries = working.filter(({ backup }) => !backup);
    const candidates = primaries.length === 0 ? working : primaries;
    const picked = candidates.length === 1
      ? undefined
      : pick(candidates, target);
    const node = picked ?? candidates[0] ?? first;
    const of = `${candidates.length} of ${nodes.length} nodes`;
    return { node, because: `${strategy}, ${of}, ${formatPosition(node.at)}` };
  };
}

type PickNode = (
  candidates: readonly Choice[],
  target: Target,
) => Choice | undefined;

function pickBy(strategy: Strategy, random: () => number): PickNode {
  switch (strategy) {
    case "round": {
      let turn = 0;
      return (candidates) => candidates[turn++ % candidates.length];
    }
    case "random":
      return (candidates) => weighted(candidates, random());
    case "fifo":
      return ([first]) => first;
    case "hash":
      return (candidates, { src }) =>
        candidates[crc32(src.host) % candidates.length];
    default:
      throw new Error(`Unreachable strategy: ${strategy satisfies never}`);
  }
}

/** `at`, in [0, 1), falls into the share of one of them. */
function weighted(
  candidates: readonly Choice[],
  at: number,
): Choice | undefined {
  let left = at * candidates.reduce((sum, { weight }) => sum + weight, 0);
  return candidates.find(({ weight }) => (left -= weight) < 0) ??
    candidates.at(-1);
}

/** IEEE's, reflected, as GOST hashes; the text is ASCII. */
function crc32(text: string): number {
  let crc = ~0;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
