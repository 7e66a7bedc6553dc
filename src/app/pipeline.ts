import type { RouteConfig, SniffingConfig } from "../config/schema.ts";
import {
  connectTcp,
  connectUdp,
  Handshake,
  type HandshakeMode,
} from "../flow/connect.ts";
import { networkOf } from "../flow/flow.ts";
import { compose, type Handler, type Middleware } from "../flow/handler.ts";
import { bypass } from "../middleware/bypass.ts";
import { fallback } from "../middleware/fallback.ts";
import { ipv6 } from "../middleware/ipv6.ts";
import { sniff } from "../middleware/sniff.ts";
import { bypassGroup, candidatesOf } from "../rules/bypass.ts";
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
  const { dialer, needsName, prepare } = await buildOutbound(route, context);
  const handshake = new Handshake({ mode, clock, timeout: route.dialTimeout });
  const stages: Middleware[] = [];
  if (tcp6) stages.push(ipv6());
  const decide = bypassGroup(route.bypasses);
  if (sniffing?.tcp || sniffing?.udp) {
    stages.push(sniff({
      ...sniffing,
      clock,
      needsName(flow) {
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
  return compose(
    stages,
    (flow) =>
      flow.protocol === "tcp"
        ? connectTcp(flow, dialer, handshake)
        : connectUdp(flow, dialer),
  );
}
