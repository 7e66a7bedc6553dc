import type { Clock } from "../base/clock.ts";
import { describe, DialError } from "../base/errors.ts";
import type {
  DnsConfig,
  RouteConfig,
  ServiceConfig,
  SniffingConfig,
} from "../config/schema.ts";
import {
  connectTcp,
  connectUdp,
  Handshake,
  type HandshakeMode,
} from "../flow/connect.ts";
import { type Flow, networkOf } from "../flow/flow.ts";
import { compose, type Handler, type Middleware } from "../flow/handler.ts";
import { bypass } from "../middleware/bypass.ts";
import { fallback } from "../middleware/fallback.ts";
import { ipv6 } from "../middleware/ipv6.ts";
import { recall } from "../middleware/recall.ts";
import { sniff } from "../middleware/sniff.ts";
import type { Answers } from "../names/answers.ts";
import type { Route } from "../outbound/route.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";
import { buildAnswering } from "./answering.ts";
import { Carried } from "./carried.ts";
import type { Context } from "./context.ts";
import { buildOutbound, type Outbound } from "./outbound.ts";

export interface PipelineOptions {
  readonly route: RouteConfig;
  readonly handshake: HandshakeMode;
  readonly sniffing?: SniffingConfig;
  /** TCP flows from IPv6 sources have a network of their own. */
  readonly ipv6?: boolean;
  /** Rules know an address by the name that it was the answer for. */
  readonly recalls?: boolean;
  /** Answers questions to port 53. */
  readonly dns?: DnsConfig | undefined;
}

export function pipelineOf(service: ServiceConfig): PipelineOptions {
  const { route, sniffing } = service;
  if (service.type === "proxy") return { route, handshake: "auto", sniffing };
  const { handshake, ipv6, dns } = service;
  return { route, handshake, sniffing, ipv6, recalls: true, dns };
}

/** What a flow of a service goes through, from its first packet to the way out. */
export interface Pipeline {
  /** Carries a flow. */
  readonly handle: Handler;
  /** Takes a flow as far as the choice of its way, and sends nothing beyond questions to resolvers. */
  readonly rehearse: (flow: Flow) => Promise<Rehearsed>;
  /** The same for one whose addresses are known: nobody is asked. */
  readonly rehearseKnown: (flow: Flow) => Promise<Rehearsed>;
  /** Carries a flow from the choice of its way on. */
  readonly carry: Handler;
}

export interface Rehearsed {
  /** Undefined where the flow does not come so far. */
  readonly route: Route | undefined;
  /** How it ended where it did not. */
  readonly via: string;
  /** As it would have been dialled, with what was learnt of it. */
  readonly flow: Flow;
}

/** `carried` is the service's, for its older pipelines and this one. Rejects with a ConfigError. */
export async function buildPipeline(
  { handshake: mode, ...options }: PipelineOptions,
  context: Context,
  carried: Carried = new Carried(),
): Promise<Pipeline> {
  const { clock, answers } = context;
  const { route } = options;
  const outbound = await buildOutbound(
    route,
    context,
    (target, route) => carried.note(target, route),
  );
  const connecting = { dialer: outbound.dialer, retries: route.retries };
  const handshake = new Handshake({ mode, clock, timeout: route.dialTimeout });
  const decide = await context.bypasses.group(route.bypasses);
  const answering = options.dns === undefined
    ? []
    : await buildAnswering(options.dns, route, context);
  const stages = (prepare: Outbound["prepare"]): Middleware[] =>
    buildStages(options, {
      ...outbound,
      ...{ prepare, decide, clock, answers, answering },
    });
  const connect: Handler = (flow) =>
    flow.protocol === "tcp"
      ? connectTcp(flow, handshake, connecting)
      : connectUdp(flow, connecting);
  const carry: Handler = (flow) => carried.during(flow, connect);
  const handle = compose(
    stages(outbound.prepare),
    (flow) => (carried.successor ?? carry)(flow),
  );
  const silent = stages(() => {});
  return {
    handle,
    carry,
    rehearse: (flow) => rehearse(flow, silent, outbound),
    rehearseKnown: (flow) =>
      rehearse(flow, silent, {
        ...outbound,
        resolve: (target) => Promise.resolve(target),
      }),
  };
}

interface StageOptions extends Pick<Outbound, "needsName" | "prepare"> {
  /** The service's bypass. */
  readonly decide: BypassGroup;
  readonly clock: Clock;
  readonly answers: Answers;
  /** Of questions to port 53. */
  readonly answering: readonly Middleware[];
}

/** What a flow goes through before its way is chosen. */
function buildStages(
  { route, sniffing, ipv6: tcp6, recalls }: Omit<PipelineOptions, "handshake">,
  { needsName, prepare, decide, clock, answers, answering }: StageOptions,
): Middleware[] {
  const stages: Middleware[] = [];
  if (tcp6) stages.push(ipv6());
  if (recalls) stages.push(recall(answers));
  stages.push(...answering);
  if (sniffing?.tcp || sniffing?.udp) {
    stages.push(sniff({
      ...sniffing,
      clock,
      // Several names share an address: what the octets say outweighs an answer of a nameserver.
      needsName({ called: _, ...flow }) {
        const network = networkOf(flow);
        const { bypassed, final } = decide(network, candidatesOf(flow));
        return !final || (!bypassed && needsName(network, flow));
      },
      prepare: (flow) => prepare(networkOf(flow), flow),
    }));
  }
  if (route.bypasses.length > 0) {
    const name = route.bypasses.map(({ name }) => name).join(",");
    stages.push(bypass({ name, decide }));
  }
  if (sniffing?.fallback) stages.push(fallback());
  return stages;
}

async function rehearse(
  flow: Flow,
  stages: readonly Middleware[],
  { resolve, decide }: Pick<Outbound, "resolve" | "decide">,
): Promise<Rehearsed> {
  let rehearsed: Omit<Rehearsed, "via"> = { route: undefined, flow };
  const stop: Handler = async (flow) => {
    const known = await resolve(flow).catch((error: unknown) => {
      if (!(error instanceof DialError)) throw error;
      const because = describe(error);
      flow.trace.push({ by: "names", what: "not resolved", because });
      return flow;
    });
    const route = decide(networkOf(known), known);
    rehearsed = { route, flow: known };
    return { via: "" };
  };
  const { via } = await compose(stages, stop)(flow);
  return { ...rehearsed, via };
}
