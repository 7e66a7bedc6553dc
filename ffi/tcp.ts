import type { Socket } from "node:net";
import { DialError } from "../src/base/errors.ts";
import type { SocketOptions } from "../src/base/socket.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import { adoptTcp } from "./node_handles.ts";
import type { Poller } from "./poller.ts";
import {
  beginConnect,
  type ConnectingSocket,
  type SocketSupport,
} from "./socket.ts";

export interface TcpSupport extends SocketSupport {
  readonly poller: Poller;
}

/** The handshake is over before Deno gets the socket: TLS on a connecting one would hide the reason of a failure. */
export async function openSocket(
  target: SocketOptions,
  support: TcpSupport,
): Promise<Socket> {
  target.signal.throwIfAborted();
  const connecting = beginConnect("tcp", target, support);
  const { fd, connected, own } = connecting;
  try {
    if (!connected) await finish(connecting, target, support);
    const socket = adoptTcp(fd);
    own.state = "connected";
    socket.once("close", own.remove);
    // Nagle's algorithm against the peer's delayed ACKs costs 40 ms at the first write behind a TLS handshake.
    return socket.setNoDelay(true);
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
