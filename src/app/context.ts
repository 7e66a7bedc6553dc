import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Network } from "../base/socket.ts";
import type { Answers } from "../names/answers.ts";
import type { FakeAddresses } from "../names/fake_addresses.ts";
import type { NodeStreams } from "../flow/node_stream.ts";
import type { OpenStream } from "../outbound/direct.ts";
import type { OpenTun } from "../device/open_tun.ts";
import type { Nameserver } from "../system/resolv_conf.ts";
import type { ReadRoutes } from "../system/routes.ts";
import type { System } from "../system/system.ts";
import type { Prefix } from "../wire/address.ts";
import type { Bypasses } from "./bypasses.ts";
import type { Files } from "./files.ts";
import type { Flows } from "./flows.ts";
import type { Instruments } from "./instruments.ts";
import type { Names } from "./names.ts";
import type { NetworkState } from "./network_state.ts";
import type { Resolvers } from "./resolvers.ts";
import type { Upkeep } from "./upkeep.ts";

/** What `main.ts` takes from the system and hands in, so that tests run without it. */
export interface Platform extends Network {
  /** The only one that knows which system we are on. */
  readonly system: System;
  readonly openTun: OpenTun;
  readonly readRoutes: ReadRoutes;
  nameservers(): readonly Nameserver[];
  watchNetwork(onChange: () => void): Disposable;
  /** As long as it stays the same, links, addresses and routes are as they were. */
  networkVersion(): number;
  /** How long the machine has slept, in ms from an arbitrary origin. */
  sleepTime(): number;
  /** Returns memory that nobody uses to the system; the program stands still for some 50 ms. */
  giveBack(): void;
}

/** What all services share. */
export interface Context {
  readonly platform: Platform;
  /** Connections of our own. */
  readonly openStream: OpenStream;
  /** For sockets of node:net and node:tls. */
  readonly streams: NodeStreams;
  readonly clock: Clock;
  readonly log: Log;
  /** Fills an array with unpredictable octets. */
  readonly random: (into: Uint8Array) => void;
  readonly flows: Flows;
  readonly instruments: Instruments;
  readonly upkeep: Upkeep;
  readonly files: Files;
  readonly bypasses: Bypasses;
  readonly network: NetworkState;
  /** The machine's own: for the names of nodes, and for those that a direct way is asked for, where no resolver is configured. */
  readonly resolvers: Resolvers;
  /** Hosts and resolvers of the configuration. */
  readonly names: Names;
  /** What nameservers have answered to applications. */
  readonly answers: Answers;
  /** Those of some prefixes: they stay the same from one configuration to the next. */
  readonly fakes: (prefixes: readonly Prefix[]) => FakeAddresses;
}
