import type {
  ListenerConfig,
  ProxyProtocolConfig,
  ProxyServiceConfig,
  ServerTlsConfig,
} from "../config/schema.ts";
import { formatEndpoint } from "../flow/flow.ts";
import type { Listen, Listener } from "../inbound/contracts.ts";
import { auto } from "../inbound/handler/auto.ts";
import type { Handle } from "../inbound/handler/client.ts";
import { http } from "../inbound/handler/http.ts";
import { relay, type RelayHandlerOptions } from "../inbound/handler/relay.ts";
import { socks4 } from "../inbound/handler/socks4.ts";
import {
  socks5,
  type Socks5HandlerOptions,
} from "../inbound/handler/socks5.ts";
import { mux } from "../inbound/listener/mux.ts";
import { tcp } from "../inbound/listener/tcp.ts";
import { type ServerTlsOptions, tls } from "../inbound/listener/tls.ts";
import { ws } from "../inbound/listener/ws.ts";
import { selfSignedCertificate } from "../inbound/self_signed.ts";
import type { Context } from "./context.ts";
import { hooksOf } from "./hooks.ts";
import { revealed } from "./outbound.ts";
import { readCertificateAndKey, versions } from "./pem.ts";
import { buildPipeline, pipelineOf } from "./pipeline.ts";
import type { Service } from "./service.ts";

/** A certificate that nobody can verify need not last: it is made anew at each start. */
const SELF_SIGNED_DAYS = 365;

type Options = RelayHandlerOptions & Socks5HandlerOptions;

const HANDLERS = {
  relay,
  socks5,
  socks4,
  http,
  auto: (options) =>
    auto({
      ...options,
      socks4: socks4(options),
      socks5: socks5(options),
      http: http(options),
    }),
} satisfies { [P in ProxyProtocolConfig]: (options: Options) => Handle };

/** The far end, or a proxy: what clients ask for goes out from here. Rejects with a ConfigError. */
export async function buildProxyService(
  config: ProxyServiceConfig,
  context: Context,
): Promise<Service> {
  const { name, protocol, host, port, users, readTimeout } = config;
  const { clock, log, flows } = context;
  const { handle } = await buildPipeline(pipelineOf(config), context);
  const listen = await buildListener(config, context);
  const runHooks = hooksOf(config.hooks, {}, log);
  const onIncoming = HANDLERS[protocol]({
    users: users.map(revealed),
    readTimeout,
    bind: config.bind,
    udp: config.udp,
    clock,
    log,
    openFlow: () => {
      const { id, controller } = flows.open();
      return { id, signal: controller.signal };
    },
    onFlow: (flow) => void flows.run(flow, handle),
  });
  let listener: Listener | undefined;
  return {
    name,
    async start() {
      await runHooks("preUp");
      listener = await listen({ host, port, onIncoming });
      const address = formatEndpoint(listener.address);
      const mux = config.listener.mux === undefined ? "" : "m";
      const type = `${protocol}+${mux}${config.listener.type}`;
      log.info("service.listen", { service: name, address, type });
      await runHooks("postUp");
    },
    async close() {
      await runHooks("preDown");
      await listener?.[Symbol.asyncDispose]();
    },
    stop: () => runHooks("postDown"),
  };
}

async function buildListener(
  { listener }: ProxyServiceConfig,
  context: Context,
): Promise<Listen> {
  const carriers = await buildCarriers(listener, context);
  if (listener.mux === undefined) return carriers;
  const { clock, log } = context;
  const { version: _, ...options } = listener.mux;
  return mux(carriers, { ...options, clock, log });
}

async function buildCarriers(
  listener: ListenerConfig,
  { clock, log, streams }: Context,
): Promise<Listen> {
  switch (listener.type) {
    case "tcp":
      return tcp(streams);
    case "tls":
      return tls({ ...await serverTls(listener.tls), clock, log, streams });
    case "ws":
      return ws(tcp(streams), { path: listener.path, clock, log });
    case "wss": {
      const secured = tls({
        ...await serverTls(listener.tls),
        clock,
        log,
        streams,
      });
      return ws(secured, { path: listener.path, clock, log });
    }
    default:
      throw new Error(`Unreachable listener: ${listener satisfies never}`);
  }
}

async function serverTls(
  config: ServerTlsConfig,
): Promise<Omit<ServerTlsOptions, "clock" | "log" | "streams">> {
  const { certificate, alpn, at } = config;
  const pem = certificate === undefined
    ? selfSignedCertificate({
      names: ["tungo"],
      now: new Date(),
      days: SELF_SIGNED_DAYS,
    })
    : await readCertificateAndKey(certificate, at);
  return {
    ...pem,
    ...(alpn.length === 0 ? {} : { alpn }),
    ...versions(config),
  };
}
