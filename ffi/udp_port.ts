import type { OpenUdpPort, UdpPort } from "../src/base/socket.ts";
import type { Poller } from "./poller.ts";
import { createReaders } from "./reader.ts";
import { decodeSockaddr, SOCKADDR_MAX } from "./sockaddr.ts";
import { openBound } from "./socket.ts";
import type { PortSharing, SocketCalls } from "./socket_calls.ts";

/** Datagrams taken per arrival, so that one busy port does not hold up the rest. */
const BURST = 32;

export interface UdpPortSupport {
  readonly sockets: SocketCalls;
  readonly poller: Poller;
  /** DATAGRAM_BUFFER octets, shared with all sockets. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

/** Undefined where the system has no sharing of ports. */
export function udpPorts(support: UdpPortSupport): OpenUdpPort | undefined {
  const { portSharing } = support.sockets;
  if (portSharing === undefined) return undefined;
  return (options) => {
    options.signal.throwIfAborted();
    const { fd } = openBound("udp", options, support.sockets);
    return listen(fd, portSharing, support);
  };
}

function listen(
  fd: number,
  sharing: PortSharing,
  { sockets, poller, buffer }: UdpPortSupport,
): UdpPort {
  const { eagain, close } = sockets;
  const sender = new Uint8Array(SOCKADDR_MAX);
  let closed = false;
  // By the poller: what else reads does not say whom a datagram is from.
  const open = createReaders({ poller, close, eagain, pipes: undefined });
  const reader = open({
    ...{ fd, buffer, errors: false },
    onArrival() {
      for (let i = 0; i < BURST && !closed; i++) {
        const octets = sharing.receiveFrom(fd, buffer, sender);
        if (octets < 0) break;
        const from = decodeSockaddr(sockets.sockaddr, sender);
        port.onDatagram(buffer.subarray(0, octets), from);
      }
      reader.arm();
    },
  });
  const port: UdpPort = {
    onDatagram: () => {},
    [Symbol.dispose]() {
      closed = true;
      void reader.close();
    },
  };
  reader.arm();
  return port;
}
