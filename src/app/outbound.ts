import type { Millis } from "../base/clock.ts";
import type {
  ConnectorConfig,
  CredentialsConfig,
  EgressConfig,
  HopConfig,
  ProxyNodeConfig,
  TransportConfig,
  WebSocketConfig,
} from "../config/chain_schema.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { Dialer } from "../flow/dialer.ts";
import { formatEndpoint } from "../flow/flow.ts";
import { chain, type ChainHop } from "../outbound/chain.ts";
import { relay } from "../outbound/connector/relay.ts";
import { socks5 } from "../outbound/connector/socks5.ts";
import type { Connector, Transport } from "../outbound/contracts.ts";
import { direct } from "../outbound/direct.ts";
import { retry } from "../outbound/retry.ts";
import { tcp } from "../outbound/transport/tcp.ts";
import { tls } from "../outbound/transport/tls.ts";
import { ws } from "../outbound/transport/ws.ts";
import { via } from "../outbound/via.ts";
import { warm } from "../outbound/warm.ts";
import type { Credentials } from "../proto/credentials.ts";
import { bypassGroup } from "../rules/bypass.ts";
import type { Context } from "./context.ts";
import { readClientTls } from "./pem.ts";

/** The way out of a service. Rejects with a ConfigError where a certificate cannot be read. */
export async function buildOutbound(
  { chain: config, egress, dialTimeout, retries }: RouteConfig,
  context: Context,
): Promise<Dialer> {
  const out = buildDirect("direct", egress, dialTimeout, context);
  const hops: ChainHop[] = [];
  for (const hop of config?.hops ?? []) {
    const before = hops.at(-1)?.dialer;
    hops.push(await buildHop(hop, before, dialTimeout, context));
  }
  return retry(chain(out, hops), retries);
}

async function buildHop(
  { name, bypasses, nodes: [node] }: HopConfig,
  before: Dialer | undefined,
  timeout: Millis,
  context: Context,
): Promise<ChainHop> {
  const own = buildDirect(node.name, node.egress, timeout, context);
  return {
    name,
    bypasses: [bypasses, node.bypasses].filter((group) => group.length > 0)
      .map(bypassGroup),
    dialer: node.type === "direct"
      ? own
      : await buildNode(node, before ?? own, own, timeout, context),
  };
}

/** `base` reaches the node, `own` dials from here with what the node says of interfaces. */
async function buildNode(
  node: ProxyNodeConfig,
  base: Dialer,
  own: Dialer,
  timeout: Millis,
  context: Context,
): Promise<Dialer> {
  const { name, host, port, transport, connector } = node;
  const address = formatEndpoint({ host, port });
  const { clock } = context;
  return via(base, {
    name,
    way: `${connector.type}+${transport.type} ${address}`,
    transport: warm(await buildTransport(transport, node, context), clock),
    connector: buildConnector(connector, node, own, context),
    timeout,
    clock,
  });
}

function buildDirect(
  name: string,
  egress: EgressConfig,
  timeout: Millis,
  { platform, network, resolvers, streams, clock }: Context,
): Dialer {
  return direct({
    name,
    network: {
      openSocket: network.watching(platform.openSocket),
      openUdp: platform.openUdp,
    },
    streams,
    resolve: resolvers.via(egress),
    egress: network.egress(egress),
    timeout,
    clock,
    ...(egress.mark === undefined ? {} : { mark: egress.mark }),
  });
}

type TransportFactories = {
  readonly [T in TransportConfig["type"]]: (
    config: Extract<TransportConfig, { type: T }>,
    plain: Transport,
    context: Context,
  ) => Transport | Promise<Transport>;
};

const TRANSPORTS: TransportFactories = {
  tcp: (_, plain) => plain,
  tls: async ({ tls: config, handshakeTimeout }, plain, { clock, streams }) => {
    const options = await readClientTls(config);
    return tls(plain, {
      ...options,
      ...bounded(handshakeTimeout),
      clock,
      streams,
    });
  },
  ws: ({ ws: config }, plain, context) => ws(plain, wsOptions(config, context)),
  wss: async ({ tls: config, ws: wsConfig }, plain, context) => {
    const options = await readClientTls(config);
    const { clock, streams } = context;
    const secured = tls(plain, {
      ...options,
      ...bounded(wsConfig.handshakeTimeout),
      clock,
      streams,
    });
    return ws(secured, wsOptions(wsConfig, context));
  },
};

async function buildTransport(
  config: TransportConfig,
  { host, port }: ProxyNodeConfig,
  context: Context,
): Promise<Transport> {
  const keepalive = config.tcpKeepalive;
  const plain = tcp({
    address: { host, port },
    ...(keepalive === undefined ? {} : { keepalive }),
  });
  // The table has a factory for each type, and each gets its own kind of config.
  const build = TRANSPORTS[config.type] as (
    config: TransportConfig,
    plain: Transport,
    context: Context,
  ) => Transport | Promise<Transport>;
  return await build(config, plain, context);
}

function wsOptions(
  { host, path, headers, handshakeTimeout, pingInterval }: WebSocketConfig,
  { clock, random }: Context,
): Parameters<typeof ws>[1] {
  return {
    host,
    path,
    headers: Object.fromEntries(
      headers.map(({ name, value }) => [name, value.reveal()]),
    ),
    clock,
    random,
    ...bounded(handshakeTimeout),
    ...(pingInterval === undefined ? {} : { keepalive: pingInterval }),
  };
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
      return relay(options);
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

function bounded(timeout: Millis | undefined): { timeout?: Millis } {
  return timeout === undefined ? {} : { timeout };
}
