import type { Millis } from "../base/clock.ts";
import type { ProxyNodeConfig } from "../config/chain_schema.ts";
import type { TransportConfig, WebSocketConfig } from "../config/hop_schema.ts";
import type { Connector, Transport } from "../outbound/contracts.ts";
import { greeted } from "../outbound/greeted.ts";
import { mux } from "../outbound/mux.ts";
import { tcp } from "../outbound/transport/tcp.ts";
import { tls } from "../outbound/transport/tls.ts";
import { ws } from "../outbound/transport/ws.ts";
import { warm } from "../outbound/warm.ts";
import type { Context } from "./context.ts";
import { readClientTls } from "./pem.ts";

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

export interface TransportOptions {
  /** For opening a carrier. */
  readonly timeout: Millis;
  /** Of the node's connector. */
  readonly greet: Connector["greet"];
}

/** Makes a transport for each way to `node`, so that the carriers that it has ready, or shares, are of that way. Rejects with a ConfigError. */
export async function buildTransport(
  node: ProxyNodeConfig,
  { timeout, greet }: TransportOptions,
  context: Context,
): Promise<() => Transport> {
  const { clock, upkeep } = context;
  const carriers = await buildCarriers(node, context);
  const config = node.transport.mux;
  if (config === undefined) return () => warm(greeted(carriers, greet), clock);
  return () => {
    const transport = mux(carriers, { ...config, timeout, clock });
    // With the configuration ends what nobody would end otherwise.
    upkeep.add(() => ({ [Symbol.dispose]: transport.retire }));
    return transport;
  };
}

async function buildCarriers(
  { transport: config, host, port }: ProxyNodeConfig,
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

/** An option that is there when it says something. */
export function bounded(timeout: Millis | undefined): { timeout?: Millis } {
  return timeout === undefined ? {} : { timeout };
}
