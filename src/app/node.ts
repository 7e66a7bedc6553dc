import type { Millis } from "../base/clock.ts";
import type {
  BypassConfig,
  EgressConfig,
  NodeConfig,
  ProxyNodeConfig,
} from "../config/chain_schema.ts";
import type {
  ConnectorConfig,
  CredentialsConfig,
} from "../config/hop_schema.ts";
import { egressFromHere } from "../config/decode/egress.ts";
import type { Dialer } from "../flow/dialer.ts";
import { type Endpoint, formatEndpoint } from "../flow/flow.ts";
import type { ChainNode } from "../outbound/chain.ts";
import { http } from "../outbound/connector/http.ts";
import { relay } from "../outbound/connector/relay.ts";
import { socks4 } from "../outbound/connector/socks4.ts";
import { socks5 } from "../outbound/connector/socks5.ts";
import type { Connector } from "../outbound/contracts.ts";
import { direct } from "../outbound/direct.ts";
import { Health } from "../outbound/health.ts";
import { type Leg, legOf } from "../outbound/leg.ts";
import { via } from "../outbound/via.ts";
import type { Credentials } from "../proto/credentials.ts";
import type { BypassGroup } from "../rules/bypass.ts";
import type { Context } from "./context.ts";
import { identityOf } from "./identity.ts";
import { buildProbe } from "./probes.ts";
import { buildRule } from "./rules.ts";
import { bounded, buildTransport } from "./transport.ts";

/** What a node has to know of its hop. */
export interface HopParts {
  /** For reaching a node, and for its handshakes. */
  readonly timeout: Millis;
  /** The way to the hop that a connection of our own to an address takes; undefined from here. */
  readonly before: (address: Endpoint) => Dialer | undefined;
}

/** Rejects with a ConfigError where a certificate or a list cannot be read. */
export async function buildNode(
  config: NodeConfig,
  { timeout, before }: HopParts,
  context: Context,
): Promise<ChainNode> {
  const { at, name, weight, backup, maxFails, failTimeout } = config;
  const health = new Health({ maxFails, failTimeout, clock: context.clock });
  const own = buildDirect(name, config.egress, timeout, context);
  const leg = legOf(own);
  const through = config.type === "direct"
    ? () => leg
    : await buildProxy(config, { own, health, timeout }, context);
  const probe = buildProbe(config.probe, {
    name,
    health,
    dialer: (address) => through(before(address)),
  }, context);
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
    ...(probe === undefined ? {} : { probe }),
    rejects: config.type === "direct" && config.rejects,
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

export async function bypassOf(
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
  const asking = buildConnector(connector, node, knowing(own), context);
  const { greet } = asking;
  const newTransport = await buildTransport(node, { timeout, greet }, context);
  const hop = {
    name,
    way: wayOf(node),
    connector: asking,
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
    resolve: resolvers.via(egressFromHere(egress)),
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
