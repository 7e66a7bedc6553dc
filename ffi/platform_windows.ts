import type { Millis } from "../src/base/clock.ts";
import { createGiveBack } from "./give_back.ts";
import { SYSTEMS } from "../src/system/system.ts";
import { formatAddress } from "../src/wire/address.ts";
import { readNameservers, readRoutes } from "./interfaces_windows.ts";
import { createReadInto } from "./node_handles.ts";
import { OwnSockets } from "./own_sockets.ts";
import type { Platform } from "./platform.ts";
import { WindowsPoller } from "./poller_windows.ts";
import { createReaders } from "./reader.ts";
import { windowsSockets } from "./socket_calls_windows.ts";
import { openSocket } from "./tcp.ts";
import { openTun } from "./tun_windows.ts";
import { DATAGRAM_BUFFER, openUdp } from "./udp.ts";
import { openWindows, type Windows } from "./windows.ts";
import { openWintun } from "./wintun.ts";

/** How old what we know of routes may be: reading them costs a fraction of a millisecond, and nothing tells of changes. */
const FRESH: Millis = 200;

/** Between two looks whether the network is another one. */
const WATCH: Millis = 2000;

/** Handles per process, by documentation; there is no limit to raise. */
const MAX_HANDLES = 1 << 24;

export function openWindowsPlatform(): Platform {
  const lib = openWindows();
  const poller = new WindowsPoller(lib);
  const sockets = windowsSockets(lib, poller);
  const { close, eagain } = sockets;
  // A SOCKET is no descriptor that a Pipe handle could take.
  const pipes = undefined;
  const support = {
    ...{ lib, poller, sockets, pipes, openWintun },
    openReader: createReaders({ poller, pipes, close, eagain }),
    ownSockets: new OwnSockets(),
    buffer: new Uint8Array(DATAGRAM_BUFFER),
  };
  return {
    system: {
      ...SYSTEMS.windows,
      journalFolder: `${folder("ProgramData", "C:\\ProgramData")}\\tungo`,
      hostsFile: `${
        folder("SystemRoot", "C:\\Windows")
      }\\System32\\drivers\\etc\\hosts`,
    },
    readRoutes: (addressLength) => readRoutes(addressLength, lib),
    nameservers: () =>
      readNameservers(lib).map((address) => ({
        host: formatAddress(address),
        stub: false,
      })),
    openTun: (options) => openTun(options, support),
    openSocket: (options) => openSocket(options, support),
    openUdp: (options) => openUdp(options, support),
    ownSocket: support.ownSockets.find,
    readInto: createReadInto(),
    watchNetwork: (onChange) => watchNetwork(onChange, lib),
    networkVersion: () => Math.floor(performance.now() / FRESH),
    raiseDescriptorLimit: () => MAX_HANDLES,
    sleepTime: () => sleepTime(lib),
    // Ctrl-C, Ctrl-Break, the console is closed, the machine is shut down.
    giveBack: createGiveBack(() => {}),
    endSignals: ["SIGINT", "SIGBREAK", "SIGHUP", "SIGTERM"],
    reloadSignals: [],
    async [Symbol.asyncDispose]() {
      await poller[Symbol.asyncDispose]();
      lib[Symbol.dispose]();
    },
  };
}

function folder(variable: string, otherwise: string): string {
  return Deno.env.get(variable) ?? otherwise;
}

function watchNetwork(onChange: () => void, lib: Windows): Disposable {
  const look = (): string =>
    JSON.stringify([
      Deno.networkInterfaces().map(({ name, address }) => [name, address]),
      ...([4, 16] as const).map((length) =>
        readRoutes(length, lib).map(({ prefix, interface: name, metric }) => [
          ...[prefix.length, name, metric],
          formatAddress(prefix.address),
        ])
      ),
    ]);
  let last = look();
  const timer = setInterval(() => {
    const now = look();
    if (now === last) return;
    last = now;
    onChange();
  }, WATCH);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The one clock goes on while the machine sleeps, the other, in units of 100 ns, does not. */
function sleepTime(lib: Windows): Millis {
  const awake = new BigUint64Array(1);
  lib.QueryUnbiasedInterruptTime(new Uint8Array(awake.buffer));
  return Number(lib.GetTickCount64()) - Number((awake[0] ?? 0n) / 10_000n);
}
