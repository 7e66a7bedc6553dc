import { BoundedMap } from "../base/bounded_map.ts";
import { formatPosition, type Position } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Step, Target } from "../flow/flow.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";
import type { Leg } from "./leg.ts";
import { race } from "./race.ts";
import type { OnLeftOut, Route, RouteNode, Router } from "./route.ts";
import type { Choice, Select, Selection } from "./select.ts";

/** One of a hop's nodes. */
export interface ChainNode extends RouteNode, Choice {
  /** Of sockets that it opens from here. */
  readonly egress: Route["egress"];
  /** Flows that come to it are turned down. GOST's `action: reject`. */
  readonly rejects: boolean;
  /** The way through the node, reached by `before`, or from here. */
  readonly through: (before: Dialer | undefined) => Leg;
}

/** One hop of a chain, and what keeps flows out of it. */
export interface ChainHop {
  readonly name: string;
  readonly at: Position;
  /** A hit ends the chain before this hop. */
  readonly bypass: BypassGroup | undefined;
  /** Without a node the chain ends before this hop, too, or, where it is strict, the flow is turned down. */
  readonly select: Select<ChainNode>;
  readonly strict: () => boolean;
  /** Those that there are now. */
  readonly nodes: () => readonly ChainNode[];
}

export interface ChainOptions {
  readonly direct: Route;
  readonly hops: readonly ChainHop[];
  /** Told of flows that go past a hop although no bypass of the hop says so. */
  readonly onLeftOut: OnLeftOut;
}

/** The hops as far as no bypass ends them, each by a node of its own choice; `direct` where none is left. GOST's semantics of a bypass on a hop. */
export function chain({ direct, hops, onLeftOut }: ChainOptions): Router {
  const join = joining();
  return {
    needsName: (network, target) => needsName(hops, network, target),
    prepare: (network, target) => prepare(hops, network, target),
    decide(network, target) {
      const nodes: RouteNode[] = [];
      let egress: Route["egress"] | undefined;
      let way: Dialer | undefined;
      for (const hop of hops) {
        const { name: by } = hop;
        const { chosen, because, bypassed } = enter(hop, network, target);
        if (!isSome(chosen)) {
          if (!bypassed && hop.strict()) {
            target.trace.push({ by, what: "rejected", because });
            return undefined;
          }
          if (!bypassed) onLeftOut(hop, because);
          const what = way === undefined ? "direct" : `not through ${by}`;
          target.trace.push({ by, what, because });
          break;
        }
        const node = nodeOf(chosen);
        target.trace.push({
          ...{ by, what: node.name, because },
          ...(hasChoice(hop) ? {} : { minor: true }),
        });
        if (node.rejects) {
          target.trace.push(rejection(node));
          return undefined;
        }
        nodes.push(node);
        // A node that is none opens a socket from here, whatever is before it.
        if (egress === undefined || node.host === undefined) {
          egress = node.egress;
        }
        way = join(chosen, way);
      }
      return egress === undefined || way === undefined
        ? direct
        : { nodes, dialer: way, egress, identity: identityOf(nodes) };
    },
  };
}

function rejection({ name, at }: Pick<ChainNode, "name" | "at">): Step {
  const because = `action: reject, ${formatPosition(at)}`;
  return { by: name, what: "rejected", because };
}

/** The trace says which node it was. */
function hasChoice({ nodes }: ChainHop): boolean {
  return nodes().length > 1;
}

function isSome<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0;
}

/** What a route says of nodes of which the first that is reached will be taken. */
function nodeOf(
  chosen: readonly [ChainNode, ...ChainNode[]],
): Pick<ChainNode, keyof RouteNode | "egress" | "rejects"> {
  const [first] = chosen;
  if (chosen.length === 1) return first;
  const each = (field: "name" | "way" | "identity"): string =>
    chosen.map((node) => node[field]).join(" or ");
  const [name, way] = [each("name"), each("way")];
  return { ...first, name, way, identity: each("identity") };
}

function identityOf(nodes: readonly RouteNode[]): string {
  return nodes.map(({ identity }) => identity).join("\n");
}

interface Entered extends Selection<ChainNode> {
  /** By a bypass of the hop itself. */
  readonly bypassed: boolean;
}

function enter(
  { name: by, bypass, select }: ChainHop,
  network: string,
  target: Target,
): Entered {
  const verdict = bypass?.(network, candidatesOf(target));
  if (verdict?.bypassed) {
    return { chosen: [], because: verdict.because, bypassed: true };
  }
  if (verdict !== undefined) {
    const { because } = verdict;
    target.trace.push({ by, what: "not bypassed", because, minor: true });
  }
  return { ...select(network, target), bypassed: false };
}

/** Races that are kept: each is a way of its own for those behind it, with carriers of its own. */
const MAX_RACES = 64;

/** The way through a node, or through whichever of several is reached first, always the same for the same nodes and the same way before. */
function joining(): (
  chosen: readonly ChainNode[],
  before: Dialer | undefined,
) => Dialer | undefined {
  const races = new BoundedMap<string, Dialer>(MAX_RACES);
  const numbers = new WeakMap<object, number>();
  let count = 0;
  const numberOf = (item: object): number => {
    const number = numbers.get(item) ?? ++count;
    numbers.set(item, number);
    return number;
  };
  return (chosen, before) => {
    const [first, ...others] = chosen;
    if (others.length === 0) return first?.through(before);
    const key = [...chosen, ...(before === undefined ? [] : [before])]
      .map(numberOf).join();
    const known = races.get(key) ??
      race(chosen.map((node) => node.through(before)));
    races.set(key, known);
    return known;
  };
}

/** Whether the name of `target` matters: for what a hop's bypass says, or because a node is asked for it. */
function needsName(
  hops: readonly ChainHop[],
  network: string,
  target: Target,
): boolean {
  for (const { bypass, nodes } of hops) {
    const verdict = bypass?.(network, candidatesOf(target));
    if (verdict?.final === false) return true;
    if (verdict?.bypassed) return false;
    if (nodes().some(mayNeedName)) return true;
  }
  return false;
}

/** It is asked for the name where it is another machine, or its bypass or rule may go by it. */
function mayNeedName({ host, bypass, rule }: ChainNode): boolean {
  return host !== undefined || bypass !== undefined || rule !== undefined;
}

/** Has the carrier ready that `target` will take unless its name says otherwise. Where a hop has a choice only the dial itself makes it. */
function prepare(
  hops: readonly ChainHop[],
  network: string,
  target: Target,
): void {
  let way: Dialer | undefined;
  for (const hop of hops) {
    if (hop.bypass?.(network, candidatesOf(target)).bypassed) break;
    const [node] = hasChoice(hop) ? [] : hop.select(network, target).chosen;
    if (node === undefined) return;
    way = node.through(way);
  }
  way?.prepare?.();
}
