import type { Socket } from "node:net";
import { DialError } from "../src/base/errors.ts";
import type { SocketOptions, TcpSocket } from "../src/base/socket.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import { adoptTcp, type PipeBinding } from "./node_handles.ts";
import type { Poller } from "./poller.ts";
import type { Sweep } from "./sweep.ts";
import {
  beginConnect,
  type ConnectingSocket,
  type SocketSupport,
} from "./socket.ts";
import { HandleTcp } from "./tcp_socket.ts";

export interface TcpSupport extends SocketSupport {
  readonly poller: Poller;
  readonly pipes: PipeBinding | undefined;
  readonly sweep?: Sweep;
  /** Of sockets of node:net's: which descriptor a handle has. */
  readonly descriptors?: WeakMap<object, number>;
  /** What all sockets read into. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

export async function openSocket(
  target: SocketOptions,
  support: TcpSupport,
): Promise<TcpSocket | Socket> {
  const { fd, local, own } = await connect(target, support);
  const { sockets, pipes, buffer, poller, sweep, descriptors } = support;
  const { tcp } = sockets;
  // Nagle's algorithm against the peer's delayed ACKs costs 40 ms at the first write behind a TLS handshake.
  if (pipes === undefined || tcp === undefined) {
    const socket = adoptTcp(fd);
    socket.once("close", own.remove);
    return socket.setNoDelay(true);
  }
  tcp.noDelay(fd);
  return new HandleTcp({
    ...{ fd, localAddress: local.host, own, target },
    ...{ sockets, tcp, pipes, buffer, poller, sweep, descriptors },
  });
}

/** The handshake is over before anybody gets the socket: TLS on a connecting one would hide the reason of a failure. */
async function connect(
  target: SocketOptions,
  support: TcpSupport,
): Promise<ConnectingSocket> {
  target.signal.throwIfAborted();
  const connecting = beginConnect("tcp", target, support);
  const { fd, connected, own } = connecting;
  try {
    if (!connected) await finish(connecting, target, support);
    own.state = "connected";
    return connecting;
  } catch (error) {
    own.remove();
    support.sockets.close(fd);
    throw error;
  }
}

async function finish(
  { fd }: ConnectingSocket,
  target: SocketOptions,
  { sockets, poller }: TcpSupport,
): Promise<void> {
  const { signal } = target;
  const cancel = (): void => poller.forget(fd);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const ready = await poller.wait(fd, "writable");
    signal.throwIfAborted();
    if (!ready) {
      const message = `${cannotReach(target)}: the network has been closed`;
      throw new DialError("broken", message);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    poller.forget(fd);
  }
  const errno = sockets.pendingError(fd);
  if (errno !== 0) {
    const name = sockets.errnoName(errno);
    throw dialError({ target, syscall: "connect", errno: name });
  }
}
