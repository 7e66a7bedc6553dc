import type { RouteConfig } from "../config/schema.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { dnsByStream } from "../outbound/dns_by_stream.ts";
import { resolved, resolving } from "../outbound/resolving.ts";
import { type Route, routed, type Router } from "../outbound/route.ts";
import type { Context } from "./context.ts";
import { identityOf } from "./identity.ts";
import { buildDirect } from "./node.ts";
import { buildRouter } from "./router.ts";

/** The way out of a service. */
export interface Outbound extends Router {
  /** The flow with what hosts and resolvers have for it, as it is before its way is chosen. Rejects with a DialError. */
  readonly resolve: <T extends Target>(target: T) => Promise<T>;
  /** Decides and dials. */
  readonly dialer: Dialer;
}

/** Rejects with a ConfigError where a certificate cannot be read. */
export async function buildOutbound(
  route: RouteConfig,
  context: Context,
  note: Parameters<typeof routed>[1] = () => {},
): Promise<Outbound> {
  const { names, egress, dialTimeout } = route;
  const direct: Route = {
    nodes: [],
    identity: `direct ${identityOf(egress)}`,
    egress: context.network.egress(egress),
    dialer: buildDirect("direct", egress, dialTimeout, context),
  };
  const router = await buildRouter(route, direct, context);
  const { clock } = context;
  const lookup = await context.names.lookup(names, egress);
  const options = lookup && { lookup, timeout: dialTimeout, clock };
  const choosing = routed(router.decide, note);
  const knowing = options === undefined
    ? choosing
    : resolving(choosing, options);
  return {
    ...router,
    resolve: async (target) =>
      options === undefined ? target : await resolved(target, options),
    dialer: dnsByStream(knowing, clock),
    // Hosts and resolvers have addresses for names.
    needsName: (network, target) =>
      names.hosts !== undefined || names.resolver !== undefined ||
      router.needsName(network, target),
  };
}
