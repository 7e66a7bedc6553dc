import type { Millis } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { nodeStreams } from "../flow/node_stream.ts";
import { SendBuffers } from "../flow/send_queue.ts";
import { Bypasses } from "./bypasses.ts";
import type { Context, Platform } from "./context.ts";
import { systemFiles } from "./files.ts";
import { Flows } from "./flows.ts";
import { type Instruments, NO_INSTRUMENTS } from "./instruments.ts";
import { buildNames } from "./build_names.ts";
import { fakePools } from "./fake_pools.ts";
import { Answers } from "../names/answers.ts";
import { NetworkState } from "./network_state.ts";
import { openStreams } from "./open_stream.ts";
import { Resolvers } from "./resolvers.ts";
import { Services } from "./services.ts";
import { Thrift } from "./thrift.ts";
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
  /** Has another configuration in place of this one, once `start` has resolved. Rejects with a ConfigError, and everything is as before then. */
  reload(config: Config): Promise<void>;
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
  const machine = buildMachine(options);
  const services = new Services(failed.reject);
  const first = await services.prepare(config, contextOn(machine));
  const { network, flows } = machine;
  let watch: Disposable | undefined;

  const idle = async (): Promise<void> => {
    const farewell = Promise.withResolvers<void>();
    using _timer = clock.callAt(clock.now() + FAREWELL, farewell.resolve);
    await Promise.race([flows.idle(), farewell.promise]);
  };

  const stop = async (): Promise<void> => {
    await services.close();
    await idle();
    flows.abortAll(new Error("The program stops"));
    await idle();
    watch?.[Symbol.dispose]();
    await services.stop();
  };

  return {
    failed: failed.promise,
    stop,
    dump: () => services.dump(),
    async start() {
      watch = platform.watchNetwork(() => network.noticeChange());
      try {
        await services.start(first);
      } catch (error) {
        await stop();
        throw error;
      }
    },
    async reload(config) {
      const next = await services.prepare(config, contextOn(machine));
      await services.change(next);
    },
  };
}

/** What all services of a configuration share. Nothing is started by it. */
export function buildContext(options: AppOptions): Context {
  return contextOn(buildMachine(options));
}

/** What all configurations share. */
type Machine = Omit<Context, "upkeep" | "bypasses" | "names">;

function contextOn(machine: Machine): Context {
  const { clock, log, files } = machine;
  const upkeep = new Upkeep(clock);
  const context: Context = {
    ...machine,
    upkeep,
    bypasses: new Bypasses({ files, log, upkeep }),
    names: buildNames({ ...machine, upkeep }, () => context),
  };
  return context;
}

function buildMachine(
  { platform, clock, log, instruments = NO_INSTRUMENTS }: AppOptions,
): Machine {
  const network = new NetworkState({
    log,
    version: platform.networkVersion,
    readRoutes: platform.readRoutes,
    hasNamespaces: platform.system.hasNamespaces,
    addresses: () => Deno.networkInterfaces().map(({ address }) => address),
  });
  const random = (into: Uint8Array): void => {
    crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
  };
  const thrift = new Thrift({ clock, giveBack: platform.giveBack });
  const buffers = new SendBuffers();
  const streams = nodeStreams(platform.readInto, buffers);
  const openStream = openStreams({
    openSocket: platform.openSocket,
    streams,
    buffers,
    network,
  });
  return {
    platform,
    openStream,
    streams,
    clock,
    log,
    random,
    network,
    files: systemFiles(),
    flows: new Flows({ clock, log, onChange: () => thrift.note() }),
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
    fakes: fakePools(clock),
  };
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
