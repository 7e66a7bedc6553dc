import type { Millis } from "../base/clock.ts";
import { formatPosition } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type {
  BypassConfig,
  ConnectorConfig,
  CredentialsConfig,
  EgressConfig,
  HopConfig,
  NodeConfig,
  ProxyNodeConfig,
} from "../config/chain_schema.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { Dialer } from "../flow/dialer.ts";
import { formatEndpoint, type Target } from "../flow/flow.ts";
import {
  chain,
  type ChainHop,
  type ChainNode,
  type ChainOptions,
} from "../outbound/chain.ts";
import { http } from "../outbound/connector/http.ts";
import { relay } from "../outbound/connector/relay.ts";
import { socks4 } from "../outbound/connector/socks4.ts";
import { socks5 } from "../outbound/connector/socks5.ts";
import type { Connector } from "../outbound/contracts.ts";
import { direct } from "../outbound/direct.ts";
import { dnsByStream } from "../outbound/dns_by_stream.ts";
import { Health } from "../outbound/health.ts";
import { type Leg, legOf } from "../outbound/leg.ts";
import { reject } from "../outbound/reject.ts";
import { retry } from "../outbound/retry.ts";
import { resolved, resolving } from "../outbound/resolving.ts";
import { type Route, routed, type Router } from "../outbound/route.ts";
import { select } from "../outbound/select.ts";
import { via } from "../outbound/via.ts";
import type { Credentials } from "../proto/credentials.ts";
import type { BypassGroup } from "../rules/bypass.ts";
import type { Context } from "./context.ts";
import { identityOf } from "./identity.ts";
import { buildRule } from "./rules.ts";
import { bounded, buildTransport } from "./transport.ts";

/** The way out of a service. */
export interface Outbound extends Router {
  /** The flow with what hosts and resolvers have for it, as it is before its way is chosen. Rejects with a DialError. */
  readonly resolve: <T extends Target>(target: T) => Promise<T>;
  /** Decides and dials, as often as `retries` allows. */
  readonly dialer: Dialer;
}

/** Rejects with a ConfigError where a certificate cannot be read. */
export async function buildOutbound(
  { chain: config, names, egress, dialTimeout, retries, strict }: RouteConfig,
  context: Context,
  note: Parameters<typeof routed>[1] = () => {},
): Promise<Outbound> {
  const direct: Route = {
    nodes: [],
    identity: `direct ${identityOf(egress)}`,
    egress: context.network.egress(egress),
    dialer: buildDirect("direct", egress, dialTimeout, context),
  };
  const hops: ChainHop[] = [];
  for (const hop of config?.hops ?? []) {
    const built = await buildHop(hop, dialTimeout, context);
    hops.push(strict ? { ...built, strict } : built);
  }
  const onLeftOut = warnOnce(context.log);
  const router = chain({ direct, hops, onLeftOut });
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
    dialer: dnsByStream(retry(knowing, retries), clock),
    // Hosts and resolvers have addresses for names.
    needsName: (network, target) =>
      names.hosts !== undefined || names.resolver !== undefined ||
      router.needsName(network, target),
  };
}

/** Of each hop, as the line of each flow says it again. */
function warnOnce(log: Log): ChainOptions["onLeftOut"] {
  const said = new Set<string>();
  return ({ name, at }, because) => {
    const hop = `${name}, ${formatPosition(at)}`;
    if (said.has(hop)) return;
    said.add(hop);
    const reason =
      `The first of the flows that go past it, as no node is for them: ${because}. With strict=true they are turned down`;
    log.warn("hop.none", { hop, reason });
  };
}

async function buildHop(
  { at, name, bypasses, strict, strategy, nodes: configs }: HopConfig,
  timeout: Millis,
  context: Context,
): Promise<ChainHop> {
  const all: ChainNode[] = [];
  for (const node of configs) {
    all.push(await buildNode(node, timeout, context));
  }
  const random = (): number => {
    const octets = new Uint8Array(4);
    context.random(octets);
    return new DataView(octets.buffer).getUint32(0) / 2 ** 32;
  };
  return {
    at,
    name,
    bypass: await bypassOf(bypasses, context),
    strict,
    select: select({ strategy, all, random }),
    hasChoice: all.length > 1,
    needsName: configs.some(({ type, bypasses, rule }) =>
      type !== "direct" || bypasses.length > 0 || rule !== undefined
    ),
  };
}

async function buildNode(
  config: NodeConfig,
  timeout: Millis,
  context: Context,
): Promise<ChainNode> {
  const { at, name, weight, backup, maxFails, failTimeout } = config;
  const health = new Health({ maxFails, failTimeout, clock: context.clock });
  const own = config.type === "direct" && config.rejects
    ? reject(name)
    : buildDirect(name, config.egress, timeout, context);
  const leg = legOf(own);
  const through = config.type === "direct"
    ? () => leg
    : await buildProxy(config, { own, health, timeout }, context);
  return {
    at,
    name,
    way: wayOf(config),
    identity: nodeIdentity(config),
    ...(config.type === "direct" ? {} : { host: config.host }),
    egress: context.network.egress(config.egress),
    bypass: await bypassOf(config.bypasses, context),
    rule: await buildRule(config.rule, context),
    weight,
    backup,
    health,
    through,
  };
}

function nodeIdentity(config: NodeConfig): string {
  const { egress } = config;
  if (config.type === "direct") return `${wayOf(config)} ${identityOf(egress)}`;
  const { host, port, transport, connector } = config;
  return identityOf({ host, port, transport, connector, egress });
}

function wayOf(config: NodeConfig): string {
  if (config.type === "direct") return config.rejects ? "rejected" : "direct";
  const { connector, transport, host, port } = config;
  const address = formatEndpoint({ host, port });
  const mux = transport.mux === undefined ? "" : "m";
  return `${connector.type}+${mux}${transport.type} ${address}`;
}

async function bypassOf(
  configs: readonly BypassConfig[],
  { bypasses }: Context,
): Promise<BypassGroup | undefined> {
  return configs.length === 0 ? undefined : await bypasses.group(configs);
}

interface NodeOptions {
  /** Dials from here with what the node says of interfaces. */
  readonly own: Dialer;
  readonly health: Health;
  readonly timeout: Millis;
}

/** One dialer for each way to the node, so that the carriers that it has ready are of that way. */
async function buildProxy(
  node: ProxyNodeConfig,
  { own, health, timeout }: NodeOptions,
  context: Context,
): Promise<ChainNode["through"]> {
  const { name, connector, names, egress } = node;
  const { clock } = context;
  const knowing = await context.names.knowing(names, egress, timeout);
  const newTransport = await buildTransport(node, timeout, context);
  const hop = {
    name,
    way: wayOf(node),
    connector: buildConnector(connector, node, knowing(own), context),
    timeout,
    clock,
    health,
  };
  const ways = new WeakMap<Dialer, Leg>();
  return (before = own) => {
    const way = ways.get(before) ??
      via(knowing(before), { ...hop, transport: newTransport() });
    ways.set(before, way);
    return way;
  };
}

export function buildDirect(
  name: string,
  egress: EgressConfig,
  timeout: Millis,
  { platform, network, resolvers, openStream, clock }: Context,
): Dialer {
  return direct({
    name,
    openStream,
    openUdp: platform.openUdp,
    openUdpPort: platform.openUdpPort,
    resolve: resolvers.via(egress),
    egress: network.egress(egress),
    timeout,
    clock,
    ...(egress.mark === undefined ? {} : { mark: egress.mark }),
  });
}

function buildConnector(
  config: ConnectorConfig,
  { host, port }: ProxyNodeConfig,
  datagrams: Dialer,
  { clock }: Context,
): Connector {
  const options = {
    clock,
    ...bounded(config.connectTimeout),
    ...(config.auth === undefined
      ? {}
      : { credentials: revealed(config.auth) }),
  };
  switch (config.type) {
    case "relay":
      return relay({ ...options, bind: config.bind });
    case "http": {
      const headers = config.headers.map(({ name, value }) =>
        [name, value.reveal()] as const
      );
      return http({ ...options, headers });
    }
    case "socks4":
      return socks4({
        clock,
        ...bounded(config.connectTimeout),
        userId: config.auth?.username ?? "",
      });
    case "socks5":
      return socks5({
        ...options,
        udp: config.udp,
        node: { host, port },
        datagrams,
      });
    default:
      throw new Error(`Unreachable connector: ${config satisfies never}`);
  }
}

export function revealed(
  { username, password }: CredentialsConfig,
): Credentials {
  return { username, password: password.reveal() };
}
