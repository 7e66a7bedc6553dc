import { buildNames } from "../../src/app/build_names.ts";
import type { Context } from "../../src/app/context.ts";
import { Bypasses } from "../../src/app/bypasses.ts";
import { fakePools } from "../../src/app/fake_pools.ts";
import { Flows } from "../../src/app/flows.ts";
import { NO_INSTRUMENTS } from "../../src/app/instruments.ts";
import { NetworkState } from "../../src/app/network_state.ts";
import { Resolvers } from "../../src/app/resolvers.ts";
import { Upkeep } from "../../src/app/upkeep.ts";
import type { SocketOptions } from "../../src/base/socket.ts";
import { Answers } from "../../src/names/answers.ts";
import type { ByteStream } from "../../src/flow/stream.ts";
import { wrapStream } from "../../src/flow/wrap.ts";
import { SYSTEMS } from "../../src/system/system.ts";
import { memoryFiles } from "./memory_files.ts";
import { ManualClock } from "./manual_clock.ts";
import { silentLog } from "./silent_log.ts";

/** A machine in memory: `connect` gives the stream of each connection that is asked for, or rejects. */
export function testContext(
  connect: (options: SocketOptions) => ByteStream | Promise<ByteStream>,
): Context & { readonly clock: ManualClock } {
  const clock = new ManualClock();
  const log = silentLog;
  const platform: Context["platform"] = {
    system: SYSTEMS.linux,
    readRoutes: () => [],
    nameservers: () => [],
    openTun: () => {
      throw new Error("no device here");
    },
    watchNetwork: () => ({ [Symbol.dispose]() {} }),
    networkVersion: () => 0,
    sleepTime: () => 0,
    giveBack: () => {},
    openSocket: () => Promise.reject(new Error("no sockets here")),
    openUdp: () => {
      throw new Error("no UDP here");
    },
    ownSocket: () => undefined,
    readInto: () => undefined,
  };
  const streams: Context["streams"] = () => {
    throw new Error("no sockets here");
  };
  const openStream: Context["openStream"] = async (options) => {
    const bare = {
      setKeepAlive() {},
      take(): never {
        throw new Error("no sockets here");
      },
    };
    return wrapStream(await connect(options), { bare });
  };
  const random = (into: Uint8Array): void => void into.fill(7);
  const network = new NetworkState({
    log,
    readRoutes: () => [],
    version: () => 0,
    hasNamespaces: true,
    addresses: () => [],
  });
  const upkeep = new Upkeep(clock);
  const files = memoryFiles();
  const context: Context = {
    platform,
    openStream,
    streams,
    clock,
    log,
    random,
    flows: new Flows({ clock, log }),
    instruments: NO_INSTRUMENTS,
    upkeep,
    files,
    bypasses: new Bypasses({ files, log, upkeep }),
    network,
    resolvers: new Resolvers({
      openStream,
      openUdp: platform.openUdp,
      state: network,
      clock,
      random,
      hosts: "",
      nameservers: [],
    }),
    answers: new Answers(clock),
    fakes: fakePools(clock),
    names: buildNames(
      { clock, streams, random, files, log, upkeep },
      () => context,
    ),
  };
  return { ...context, clock };
}
