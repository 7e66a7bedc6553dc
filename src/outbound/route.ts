import { DialError, type Position } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import type { Egress } from "./direct.ts";

/** A node that a flow would go through. */
export interface RouteNode {
  readonly name: string;
  readonly at: Position;
  /** Its name or address; absent where it is no other machine. */
  readonly host?: string;
  /** "relay+wss 192.0.2.1:443", or "direct". */
  readonly way: string;
  /** Equal where the node is reached and asked in the same way, also in another configuration. Not to be shown. */
  readonly identity: string;
}

/** The way that a flow would take, as decided without sending anything. */
export interface Route {
  /** Nearest first; none means straight to the target. */
  readonly nodes: readonly RouteNode[];
  /** By which interfaces the first socket would leave for an address; none leaves it to the routing table. Throws a DialError where there is no way. */
  readonly egress: (address: string) => readonly Egress[];
  /** Takes it. */
  readonly dialer: Dialer;
  /** Equal for the same way, also in another configuration. Not to be shown. */
  readonly identity: string;
  /** Of a group the chain that was chosen, by its identity. */
  readonly chain?: string;
}

/** Told of flows that go past a hop or a group, as nothing in it is for them. */
export type OnLeftOut = (
  what: { readonly name: string; readonly at: Position },
  because: string,
) => void;

/**
 * Decides for a flow of `network` ("tcp", "udp", "tcp6"), and adds a step to its trace for whatever there was to decide; undefined
 * turns the flow down. Each call decides anew: what takes turns goes on.
 */
export type Decide = (network: string, target: Target) => Route | undefined;

/** Chooses ways: a chain, or a group of them. */
export interface Router {
  readonly decide: Decide;
  /** Whether the way, or what is asked for on it, may depend on the target's name. */
  readonly needsName: (network: string, target: Target) => boolean;
  /** Gets ready what a dial of the target will need unless its name says otherwise. */
  readonly prepare: (network: string, target: Target) => void;
}

/** Decides for each dial, and dials. `note` is told of each choice. */
export function routed(
  decide: Decide,
  note: (target: Target, route: Route) => void,
): Dialer {
  const choose = (network: string, target: Target): Dialer => {
    const route = decide(network, target);
    if (route === undefined) throw refusal(target);
    note(target, route);
    return route.dialer;
  };
  return {
    async dialStream(target) {
      const network = target.network ?? "tcp";
      return await choose(network, target).dialStream(target);
    },
    async dialDatagram(target) {
      return await choose("udp", target).dialDatagram(target);
    },
  };
}

function refusal({ trace }: Target): DialError {
  const { by, because = "" } = trace.at(-1) ?? { by: "the rules" };
  return new DialError("forbidden", `${by} allows no way: ${because}`, {
    isDecision: true,
  });
}
