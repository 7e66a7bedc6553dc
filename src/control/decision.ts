import type { Protocol } from "../base/socket.ts";
import type { ServiceConfig } from "../config/schema.ts";
import type { Endpoint, Step } from "../flow/flow.ts";

/** A flow that somebody asks about. */
export interface Question {
  readonly protocol: Protocol;
  /** Where an application connects to: an address, or a name whose address is not known. */
  readonly to: Endpoint;
  /** What the application names in its first octets; without it a name in `to`. */
  readonly says?: string;
  /** Of the service that the flow comes in by; the first tungo without it, or else the first of all. */
  readonly service?: string;
}

/** What would become of the flow. */
export interface Decision {
  readonly service: ServiceConfig;
  readonly steps: readonly Step[];
  /** Undefined where the flow is turned down or ends here. */
  readonly way: Way | undefined;
  /** It is not turned down but answered: a question to port 53. */
  readonly answered?: boolean;
}

export interface Way {
  /** Nearest first; none is straight to the target. */
  readonly nodes: readonly WayNode[];
  /** By which the first socket leaves, tried in this order; none leaves it to the routing table. */
  readonly interfaces: readonly string[];
  /** What is asked for in the end. */
  readonly target: Endpoint;
}

export interface WayNode {
  readonly name: string;
  /** "relay+wss 192.0.2.1:443" */
  readonly way: string;
  /** "config.yaml:22:7" */
  readonly at: string;
}

/** Decides without sending anything. Rejects with a ConfigError for a service that there is not. */
export type Decider = (question: Question) => Promise<Decision>;

/** The address of a target of which only the name is known: no rule for addresses matches it. */
export const UNKNOWN_ADDRESS = "?";

/** "direct", "rejected", "answered", or the names of the nodes: "node-0 > node-1". */
export function outcomeOf({ way, answered }: Decision): string {
  if (way === undefined) return answered ? "answered" : "rejected";
  if (way.nodes.length === 0) return "direct";
  return way.nodes.map(({ name }) => name).join(" > ");
}
