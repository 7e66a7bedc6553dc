import type { BypassConfig } from "../config/chain_schema.ts";
import type { RouteConfig, SniffingConfig } from "../config/schema.ts";
import {
  connectTcp,
  connectUdp,
  Handshake,
  type HandshakeMode,
} from "../flow/connect.ts";
import { compose, type Handler, type Middleware } from "../flow/handler.ts";
import { bypass } from "../middleware/bypass.ts";
import { fallback } from "../middleware/fallback.ts";
import { ipv6 } from "../middleware/ipv6.ts";
import { sniff } from "../middleware/sniff.ts";
import { bypassGroup } from "../rules/bypass.ts";
import type { Context } from "./context.ts";
import { buildOutbound } from "./outbound.ts";

export interface PipelineOptions {
  readonly route: RouteConfig;
  readonly handshake: HandshakeMode;
  readonly sniffing?: SniffingConfig;
  /** TCP flows from IPv6 sources have a network of their own. */
  readonly ipv6?: boolean;
}

/** What a flow of a service goes through, from its first packet to the way out. Rejects with a ConfigError. */
export async function buildPipeline(
  { route, handshake: mode, sniffing, ipv6: tcp6 }: PipelineOptions,
  context: Context,
): Promise<Handler> {
  const { clock } = context;
  const { dialer } = await buildOutbound(route, context);
  const handshake = new Handshake({ mode, clock, timeout: route.dialTimeout });
  const stages: Middleware[] = [];
  if (tcp6) stages.push(ipv6());
  if (sniffing?.tcp || sniffing?.udp) {
    stages.push(sniff({ ...sniffing, clock }));
  }
  if (route.bypasses.length > 0) stages.push(serviceBypass(route.bypasses));
  if (sniffing?.fallback) stages.push(fallback());
  return compose(
    stages,
    (flow) =>
      flow.protocol === "tcp"
        ? connectTcp(flow, dialer, handshake)
        : connectUdp(flow, dialer),
  );
}

function serviceBypass(bypasses: readonly BypassConfig[]): Middleware {
  return bypass({
    name: bypasses.map(({ name }) => name).join(","),
    decide: bypassGroup(bypasses),
  });
}
