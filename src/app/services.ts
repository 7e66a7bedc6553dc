import { describe } from "../base/errors.ts";
import type { Config, ServiceConfig } from "../config/schema.ts";
import type { Context } from "./context.ts";
import { buildProxyService } from "./proxy_service.ts";
import { byPlace, type Change, type Service } from "./service.ts";
import { buildTungoService } from "./tungo_service.ts";

/** A configuration of which nothing is wrong, and nothing in force. */
export interface Prepared {
  readonly context: Context;
  /** What services that stay have to do. */
  readonly changes: readonly Change[];
  /** By their places. */
  readonly added: ReadonlyMap<string, Service>;
  readonly removed: ReadonlyMap<string, Service>;
}

/** The services that run, in the order in which they were started. */
export class Services {
  readonly #onFatal: (error: unknown) => void;
  readonly #running = new Map<string, Service>();
  #context: Context | undefined;
  #starting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(onFatal: (error: unknown) => void) {
    this.#onFatal = onFatal;
  }

  /** Builds all that `config` wants beside what is running. Rejects with a ConfigError. */
  async prepare({ services }: Config, context: Context): Promise<Prepared> {
    const changes: Change[] = [];
    const added = new Map<string, Service>();
    const wanted = byPlace(services);
    for (const [place, config] of wanted) {
      const service = this.#running.get(place);
      if (service !== undefined) {
        changes.push(await service.prepare(config, context));
      } else {
        added.set(place, await buildService(config, context, this.#onFatal));
      }
    }
    const removed = new Map(
      [...this.#running].filter(([place]) => !wanted.has(place)),
    );
    return { context, changes, added, removed };
  }

  /** Rejects with a DeviceError; those that have been started go on until `stop`. */
  start(prepared: Prepared): Promise<void> {
    this.#starting = this.#start(prepared);
    return this.#starting;
  }

  async #start({ added, context }: Prepared): Promise<void> {
    for (const [place, service] of added) {
      if (this.#closed) return;
      await service.start();
      this.#running.set(place, service);
    }
    context.upkeep.start();
    this.#context = context;
  }

  /** Puts another configuration in force. What the machine refuses is told, and the rest goes on. */
  change(prepared: Prepared): Promise<void> {
    this.#starting = this.#starting.then(() => this.#change(prepared));
    return this.#starting;
  }

  async #change(
    { context, changes, added, removed }: Prepared,
  ): Promise<void> {
    if (this.#closed) return;
    for (const [place, service] of removed) {
      this.#running.delete(place);
      await service.close();
      service.endFlows();
      await service.stop();
    }
    for (const change of changes) await change();
    for (const [place, service] of added) {
      if (this.#closed) return;
      try {
        await service.start();
        this.#running.set(place, service);
      } catch (error) {
        const reason = describe(error);
        context.log.error("service.start", { place, reason });
      }
    }
    this.#context?.upkeep.stop();
    context.upkeep.start();
    this.#context = context;
  }

  /** Takes no new flows. What is just being started is up before it is closed, so that all of it is taken back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting.catch(() => {});
    this.#context?.upkeep.stop();
    for (const service of this.#running.values()) await service.close();
  }

  dump(): string {
    const all = [...this.#running.values()];
    return all.map((service) => service.dump?.() ?? "").join("");
  }

  async stop(): Promise<void> {
    const all = [...this.#running.values()].reverse();
    this.#running.clear();
    for (const service of all) await service.stop();
  }
}

type ServiceFactories = {
  readonly [T in ServiceConfig["type"]]: (
    config: Extract<ServiceConfig, { type: T }>,
    context: Context,
    onFatal: (error: unknown) => void,
  ) => Promise<Service>;
};

const SERVICES: ServiceFactories = {
  tungo: buildTungoService,
  proxy: buildProxyService,
};

function buildService(
  config: ServiceConfig,
  context: Context,
  onFatal: (error: unknown) => void,
): Promise<Service> {
  // The table has a factory for each type, and each gets its own kind of config.
  const build = SERVICES[config.type] as (
    config: ServiceConfig,
    context: Context,
    onFatal: (error: unknown) => void,
  ) => Promise<Service>;
  return build(config, context, onFatal);
}
