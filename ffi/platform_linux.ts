import {
  parseIpv4Routes,
  parseIpv6Routes,
} from "../src/system/linux_routes.ts";
import { nameserversOf } from "../src/system/resolv_conf.ts";
import { SYSTEMS } from "../src/system/system.ts";
import { createGiveBack } from "./give_back.ts";
import { openLibc } from "./libc.ts";
import { raiseDescriptorLimit, sleepTime } from "./machine_linux.ts";
import { Namespaces } from "./namespaces_linux.ts";
import { subscribe } from "./netlink_linux.ts";
import { NetworkVersion } from "./network_version.ts";
import { NetworkWatch } from "./network_watch.ts";
import { createReadInto, type PipeBinding } from "./node_handles.ts";
import { OwnSockets } from "./own_sockets.ts";
import type { Platform } from "./platform.ts";
import { EpollPoller } from "./poller_linux.ts";
import { createReaders } from "./reader.ts";
import { linuxSockets } from "./socket_calls_linux.ts";
import { openSocket } from "./tcp.ts";
import { EpollSweep } from "./sweep_linux.ts";
import { openTun } from "./tun_linux.ts";
import { DATAGRAM_BUFFER, openUdp } from "./udp.ts";
import { udpPorts } from "./udp_port.ts";

const END_SIGNALS = ["SIGINT", "SIGTERM"] as const;
const RELOAD_SIGNALS = ["SIGHUP"] as const;

/** `pipes` as `probePipes` answers; without them everything waits by the poller. */
export function openLinux(pipes: PipeBinding | undefined): Platform {
  const libc = openLibc();
  const poller = new EpollPoller(libc);
  const namespaces = new Namespaces(libc);
  const sockets = linuxSockets(libc, (netns) => namespaces.enter(netns));
  const { close, eagain } = sockets;
  const news = { sockets, subscribe: () => subscribe(libc) };
  const version = new NetworkVersion(news);
  const sweep = new EpollSweep(libc);
  const descriptors = new WeakMap<object, number>();
  const support = {
    ...{ libc, poller, pipes, sweep, descriptors, ...news },
    openReader: createReaders({ poller, pipes, close, eagain, sweep }),
    ownSockets: new OwnSockets(),
    buffer: new Uint8Array(DATAGRAM_BUFFER),
  };
  return {
    system: SYSTEMS.linux,
    readRoutes: (addressLength) =>
      addressLength === 4
        ? parseIpv4Routes(readFile("/proc/net/route"))
        : parseIpv6Routes(readFile("/proc/net/ipv6_route")),
    nameservers: () =>
      nameserversOf(
        readFile("/etc/resolv.conf"),
        readFile("/run/systemd/resolve/resolv.conf"),
      ),
    openTun: (options) => openTun(options, support),
    openSocket: (options) => openSocket(options, support),
    openUdp: (options) => openUdp(options, support),
    openUdpPort: udpPorts(support),
    ownSocket: support.ownSockets.find,
    readInto: createReadInto({ receive: sockets.receive, sweep, descriptors }),
    watchNetwork: (onChange) => new NetworkWatch({ ...support, onChange }),
    networkVersion: () => version.current(),
    raiseDescriptorLimit: () => raiseDescriptorLimit(libc),
    sleepTime: () => sleepTime(libc),
    giveBack: createGiveBack(() => void libc.malloc_trim(0)),
    endSignals: END_SIGNALS,
    reloadSignals: RELOAD_SIGNALS,
    async [Symbol.asyncDispose]() {
      version[Symbol.dispose]();
      sweep[Symbol.dispose]();
      await poller[Symbol.asyncDispose]();
      namespaces[Symbol.dispose]();
      libc[Symbol.dispose]();
    },
  };
}

/** "" where there is none, as without IPv6. */
function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
