import { createGiveBack } from "./give_back.ts";
import { DeviceError } from "../src/base/errors.ts";
import { parseRouteDump } from "../src/system/darwin_routes.ts";
import { nameserversOf } from "../src/system/resolv_conf.ts";
import type { RouteEntry } from "../src/system/routes.ts";
import { SYSTEMS } from "../src/system/system.ts";
import {
  AF_INET6,
  CTL_NET,
  FIOCLEX,
  FIONBIO,
  IFNAMSIZ,
  NET_RT_DUMP,
  PF_ROUTE,
  SOCK_RAW,
} from "./constants_darwin.ts";
import { darwinErrnoName } from "./errno_darwin.ts";
import { int32 } from "./libc.ts";
import { type LibSystem, openLibSystem } from "./libsystem.ts";
import { raiseDescriptorLimit, sleepTime } from "./machine_darwin.ts";
import { NetworkVersion } from "./network_version.ts";
import { NetworkWatch } from "./network_watch.ts";
import { createReadInto, type PipeBinding } from "./node_handles.ts";
import { OwnSockets } from "./own_sockets.ts";
import type { Platform } from "./platform.ts";
import { KqueuePoller } from "./poller_darwin.ts";
import { createReaders } from "./reader.ts";
import { AF_INET } from "./sockaddr.ts";
import { darwinSockets } from "./socket_calls_darwin.ts";
import { openSocket } from "./tcp.ts";
import { openTun } from "./tun_darwin.ts";
import { DATAGRAM_BUFFER, openUdp } from "./udp.ts";

/** `pipes` as `probePipes` answers; without them everything waits by the poller. */
export function openDarwin(pipes: PipeBinding | undefined): Platform {
  const lib = openLibSystem();
  const poller = new KqueuePoller(lib);
  const sockets = darwinSockets(lib);
  const { close, eagain } = sockets;
  const news = { sockets, subscribe: () => subscribe(lib) };
  const version = new NetworkVersion(news);
  const support = {
    ...{ lib, poller, pipes, ...news },
    openReader: createReaders({ poller, pipes, close, eagain }),
    ownSockets: new OwnSockets(),
    buffer: new Uint8Array(DATAGRAM_BUFFER),
  };
  return {
    system: SYSTEMS.darwin,
    readRoutes: (addressLength) => readRoutes(addressLength, lib),
    nameservers: () => nameserversOf(readFile("/etc/resolv.conf")),
    openTun: (options) => openTun(options, support),
    openSocket: (options) => openSocket(options, support),
    openUdp: (options) => openUdp(options, support),
    ownSocket: support.ownSockets.find,
    readInto: createReadInto(),
    watchNetwork: (onChange) => new NetworkWatch({ ...support, onChange }),
    networkVersion: () => version.current(),
    raiseDescriptorLimit: () => raiseDescriptorLimit(lib),
    sleepTime: () => sleepTime(lib),
    giveBack: createGiveBack(() => {}),
    endSignals: ["SIGINT", "SIGTERM"],
    reloadSignals: ["SIGHUP"],
    async [Symbol.asyncDispose]() {
      version[Symbol.dispose]();
      await poller[Symbol.asyncDispose]();
      lib[Symbol.dispose]();
    },
  };
}

/** A socket that gets the kernel's news of links, addresses and routes: route(4). */
function subscribe(lib: LibSystem): number {
  const fd = lib.socket(PF_ROUTE, SOCK_RAW, 0);
  if (fd < 0) {
    const errno = darwinErrnoName(lib.errno());
    throw new DeviceError(
      "socket(PF_ROUTE)",
      errno,
      `Cannot watch the network for changes: ${errno}`,
    );
  }
  lib.ioctl(fd, FIONBIO, int32(1));
  lib.ioctl(fd, FIOCLEX, int32(0));
  return fd;
}

function readRoutes(
  addressLength: 4 | 16,
  lib: LibSystem,
): readonly RouteEntry[] {
  const family = addressLength === 4 ? AF_INET : AF_INET6;
  const dump = lib.sysctl([CTL_NET, PF_ROUTE, 0, family, NET_RT_DUMP, 0]);
  const names = new Map<number, string | undefined>();
  const nameOf = (index: number): string | undefined => {
    if (!names.has(index)) names.set(index, interfaceName(index, lib));
    return names.get(index);
  };
  return dump === undefined ? [] : parseRouteDump(dump, nameOf);
}

function interfaceName(index: number, lib: LibSystem): string | undefined {
  const name = new Uint8Array(IFNAMSIZ);
  return lib.if_indextoname(index, name) === null
    ? undefined
    : new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

/** "" where there is none. */
function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
