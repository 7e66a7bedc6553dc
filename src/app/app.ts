import type { Millis } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Config, ServiceConfig } from "../config/schema.ts";
import { nodeStreams } from "../flow/node_stream.ts";
import { SendBuffers } from "../flow/send_queue.ts";
import { Bypasses } from "./bypasses.ts";
import type { Context, Platform } from "./context.ts";
import { systemFiles } from "./files.ts";
import { Flows } from "./flows.ts";
import { type Instruments, NO_INSTRUMENTS } from "./instruments.ts";
import { buildNames } from "./build_names.ts";
import { Answers } from "../names/answers.ts";
import { NetworkState } from "./network_state.ts";
import { openStreams } from "./open_stream.ts";
import { buildProxyService } from "./proxy_service.ts";
import { Resolvers } from "./resolvers.ts";
import type { Service } from "./service.ts";
import { buildTungoService } from "./tungo_service.ts";
import { Upkeep } from "./upkeep.ts";

/** How long flows that are under way may go on when the program is told to stop, and then, how long they may take to say that they end. */
const FAREWELL: Millis = 1000;

export interface AppOptions {
  readonly config: Config;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly log: Log;
  /** What looks at the packets. Default: nothing. */
  readonly instruments?: Instruments;
}

/** All services of a configuration. */
export interface App {
  /** Rejects with a DeviceError; nothing is left running then. */
  start(): Promise<void>;
  /** Ends the flows, and undoes what was done to the machine. */
  stop(): Promise<void>;
  /** What the services keep of connections and sessions, as text for people. */
  dump(): string;
  /** Rejects when the program cannot go on. */
  readonly failed: Promise<never>;
}

/** Builds everything and starts nothing. Rejects with a ConfigError. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, platform, clock } = options;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const context = buildContext(options);
  const services: Service[] = [];
  for (const service of config.services) {
    services.push(await buildService(service, context, failed.reject));
  }
  const { network, flows, upkeep } = context;
  const started: Service[] = [];
  let watch: Disposable | undefined;

  const idle = async (): Promise<void> => {
    const farewell = Promise.withResolvers<void>();
    using _timer = clock.callAt(clock.now() + FAREWELL, farewell.resolve);
    await Promise.race([flows.idle(), farewell.promise]);
  };

  const stop = async (): Promise<void> => {
    upkeep.stop();
    for (const service of started) await service.close();
    await idle();
    flows.abortAll(new Error("The program stops"));
    await idle();
    watch?.[Symbol.dispose]();
    for (const service of started.splice(0).reverse()) await service.stop();
  };

  return {
    failed: failed.promise,
    stop,
    dump: () => started.map((service) => service.dump?.() ?? "").join(""),
    async start() {
      watch = platform.watchNetwork(() => network.noticeChange());
      try {
        for (const service of services) {
          await service.start();
          started.push(service);
        }
        upkeep.start();
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

/** What all services share. Nothing is started by it. */
export function buildContext(
  { platform, clock, log, instruments = NO_INSTRUMENTS }: AppOptions,
): Context {
  const network = new NetworkState({
    log,
    version: platform.networkVersion,
    readRoutes: platform.readRoutes,
    addresses: () => Deno.networkInterfaces().map(({ address }) => address),
  });
  const random = (into: Uint8Array): void => {
    crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
  };
  const buffers = new SendBuffers();
  const streams = nodeStreams(platform.readInto, buffers);
  const openStream = openStreams({
    openSocket: platform.openSocket,
    streams,
    buffers,
    network,
  });
  const upkeep = new Upkeep(clock);
  const files = systemFiles();
  const context: Context = {
    platform,
    openStream,
    streams,
    clock,
    log,
    random,
    network,
    upkeep,
    files,
    bypasses: new Bypasses({ files, log, upkeep }),
    flows: new Flows({ clock, log }),
    instruments,
    resolvers: new Resolvers({
      openStream,
      openUdp: platform.openUdp,
      state: network,
      clock,
      random,
      hosts: readFile(platform.system.hostsFile),
      nameservers: platform.nameservers(),
    }),
    answers: new Answers(clock),
    names: buildNames({ clock, random, context: () => context }),
  };
  return context;
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

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
