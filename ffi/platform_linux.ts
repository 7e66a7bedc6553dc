import { openLibc } from "./libc.ts";
import { raiseDescriptorLimit, sleepTime } from "./machine_linux.ts";
import { watchNetwork } from "./netlink_linux.ts";
import { NetworkVersion } from "./network_version_linux.ts";
import { type PipeBinding, readInto } from "./node_handles.ts";
import { OwnSockets } from "./own_sockets.ts";
import type { Platform } from "./platform.ts";
import { Poller } from "./poller_linux.ts";
import { createReaders } from "./reader_linux.ts";
import { openSocket } from "./tcp_linux.ts";
import { openTun } from "./tun_linux.ts";
import { DATAGRAM_BUFFER, openUdp } from "./udp_linux.ts";

/** `pipes` as `probePipes` answers; without them everything waits by the poller. */
export function openLinux(pipes: PipeBinding | undefined): Platform {
  const libc = openLibc();
  const poller = new Poller(libc);
  const version = new NetworkVersion(libc);
  const support = {
    ...{ libc, poller },
    openReader: createReaders({ libc, poller, pipes }),
    ownSockets: new OwnSockets(),
    buffer: new Uint8Array(DATAGRAM_BUFFER),
  };
  return {
    openTun: (options) => openTun(options, support),
    openSocket: (options) => openSocket(options, support),
    openUdp: (options) => openUdp(options, support),
    ownSocket: support.ownSockets.find,
    readInto,
    watchNetwork: (onChange) => watchNetwork({ ...support, onChange }),
    networkVersion: () => version.current(),
    raiseDescriptorLimit: () => raiseDescriptorLimit(libc),
    sleepTime: () => sleepTime(libc),
    async [Symbol.asyncDispose]() {
      version[Symbol.dispose]();
      await poller[Symbol.asyncDispose]();
      libc[Symbol.dispose]();
    },
  };
}
