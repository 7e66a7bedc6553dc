import { assert } from "../base/assert.ts";
import { describe } from "../base/errors.ts";
import type {
  ProxyProtocolConfig,
  ProxyServiceConfig,
  ServiceConfig,
} from "../config/schema.ts";
import { formatEndpoint } from "../flow/flow.ts";
import type { Listener } from "../inbound/contracts.ts";
import { auto } from "../inbound/handler/auto.ts";
import type { Handle } from "../inbound/handler/client.ts";
import { http } from "../inbound/handler/http.ts";
import { relay, type RelayHandlerOptions } from "../inbound/handler/relay.ts";
import { socks4 } from "../inbound/handler/socks4.ts";
import {
  socks5,
  type Socks5HandlerOptions,
} from "../inbound/handler/socks5.ts";
import type { Credentials } from "../proto/credentials.ts";
import { Carried } from "./carried.ts";
import type { Context } from "./context.ts";
import { hooksOf } from "./hooks.ts";
import { buildListening, type Listening } from "./listening.ts";
import { revealed } from "./node.ts";
import { buildPipeline, type Pipeline, pipelineOf } from "./pipeline.ts";
import type { Change, Service } from "./service.ts";

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
  const carried = new Carried();
  return new ProxyService(await buildRules(config, context, carried), carried);
}

/** What a service goes by until another configuration takes its place. */
interface Rules {
  readonly config: ProxyServiceConfig;
  readonly context: Context;
  readonly pipeline: Pipeline;
  readonly users: readonly Credentials[];
  readonly listening: Listening;
}

async function buildRules(
  config: ProxyServiceConfig,
  context: Context,
  carried: Carried,
): Promise<Rules> {
  const pipeline = await buildPipeline(pipelineOf(config), context, carried);
  const users = config.users.map(revealed);
  const listening = await buildListening(config.listener, context);
  return { config, context, pipeline, users, listening };
}

class ProxyService implements Service {
  #rules: Rules;
  readonly #carried: Carried;
  #listener: Listener | undefined;
  #handle: Handle;

  constructor(rules: Rules, carried: Carried) {
    this.#rules = rules;
    this.#carried = carried;
    this.#handle = this.#handler();
  }

  async start(): Promise<void> {
    await this.#hooks("preUp");
    await this.#listen();
    await this.#hooks("postUp");
  }

  async prepare(config: ServiceConfig, context: Context): Promise<Change> {
    assert(config.type === "proxy", "a service stays of its type");
    const rules = await buildRules(config, context, this.#carried);
    return () => this.#change(rules);
  }

  async #change(rules: Rules): Promise<void> {
    const before = this.#rules;
    const { config, context, pipeline, listening } = rules;
    this.#rules = rules;
    this.#handle = this.#handler();
    const ended = await this.#carried.moveTo(pipeline, {
      ...{ flows: context.flows, onReload: config.onReload },
    });
    if (before.listening.identity !== listening.identity) {
      await this.#listenAnew(before);
    }
    context.log.info("service.reload", { service: config.name, ended });
  }

  async close(): Promise<void> {
    await this.#hooks("preDown");
    await this.#listener?.[Symbol.asyncDispose]();
  }

  endFlows(): void {
    const { config, context } = this.#rules;
    if (config.onReload === "finish") return;
    const reason = new Error("The service is gone since the reload");
    context.flows.abortAll(reason, this);
  }

  stop(): Promise<void> {
    return this.#hooks("postDown");
  }

  #hooks(stage: Parameters<ReturnType<typeof hooksOf>>[0]): Promise<void> {
    const { config, context: { log } } = this.#rules;
    return hooksOf(config.hooks, {}, log)(stage);
  }

  /** For each stream of a client, by the rules of now. */
  #handler(): Handle {
    const { config, context: { clock, log, flows }, users } = this.#rules;
    return HANDLERS[config.protocol]({
      users,
      readTimeout: config.readTimeout,
      bind: config.bind,
      udp: config.udp,
      clock,
      log,
      openFlow: () => {
        const { id, controller } = flows.open(this);
        return { id, signal: controller.signal };
      },
      onFlow: (flow) => void flows.run(flow, this.#rules.pipeline.handle),
    });
  }

  async #listen(): Promise<void> {
    const { config, context: { log }, listening } = this.#rules;
    const { name, protocol, host, port, listener } = config;
    this.#listener = await listening.listen({
      host,
      port,
      onIncoming: (incoming) => this.#handle(incoming),
    });
    const address = formatEndpoint(this.#listener.address);
    const mux = listener.mux === undefined ? "" : "m";
    const type = `${protocol}+${mux}${listener.type}`;
    log.info("service.listen", { service: name, address, type });
  }

  /** The port is free for a moment only. Where nobody may listen any more as is wanted now, it is done as `before`. */
  async #listenAnew(before: Rules): Promise<void> {
    const { config: { name }, context: { log } } = this.#rules;
    await this.#listener?.[Symbol.asyncDispose]();
    this.#listener = undefined;
    try {
      await this.#listen();
    } catch (error) {
      log.error("service.listen", { service: name, reason: describe(error) });
      this.#rules = { ...this.#rules, listening: before.listening };
      await this.#listen().catch(() => {});
    }
  }
}
