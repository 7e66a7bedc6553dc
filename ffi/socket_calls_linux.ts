import { ERRNO, errnoName } from "./errno.ts";
import { cString, int32, type Libc } from "./libc.ts";
import { AF_INET } from "./sockaddr.ts";
import type { SocketCalls } from "./socket_calls.ts";
import {
  AF_INET6,
  IP_BIND_ADDRESS_NO_PORT,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_RECVERR,
  LINUX_SOCKADDR,
  MSG_ERRQUEUE,
  MSG_NOSIGNAL,
  SHUT_WR,
  SO_BINDTODEVICE,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
} from "./socket_options_linux.ts";
import { RECEIVE_BUFFER } from "./udp.ts";

const NOTHING = new Uint8Array(1);

/** bits/socket.h: struct linger { int l_onoff; int l_linger; } */
const LINGER_RESET = new Uint8Array(new Int32Array([1, 0]).buffer);

/** Without `enter` they know one network namespace only. */
export function linuxSockets(
  libc: Libc,
  enter?: SocketCalls["enter"],
): SocketCalls {
  const set = (fd: number, level: number, option: number, value: Octets) =>
    libc.setsockopt(fd, level, option, value, value.length);
  const on = int32(1);
  return {
    sockaddr: LINUX_SOCKADDR,
    socket(family, protocol) {
      const kind = protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM;
      return libc.socket(
        family === "ipv4" ? AF_INET : AF_INET6,
        kind | SOCK_NONBLOCK | SOCK_CLOEXEC,
        0,
      );
    },
    bindToDevice: (fd, device) =>
      set(fd, SOL_SOCKET, SO_BINDTODEVICE, cString(device)) < 0
        ? "SO_BINDTODEVICE"
        : undefined,
    bind(fd, sockaddr) {
      // Without this a bind takes a port for itself alone, and 28 000 dials to different hosts use them up.
      set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, on);
      return libc.bind(fd, sockaddr, sockaddr.length);
    },
    mark: (fd, value) =>
      set(fd, SOL_SOCKET, SO_MARK, int32(value)) < 0 ? "SO_MARK" : undefined,
    ...(enter === undefined ? {} : { enter }),
    connect(fd, sockaddr) {
      if (libc.connect(fd, sockaddr, sockaddr.length) === 0) return "connected";
      if (libc.errno() !== ERRNO.EINPROGRESS) return "failed";
      // A peer on this machine has answered by now: another 1 µs instead of the poller's 50 µs and two changes of threads.
      if (libc.connect(fd, sockaddr, sockaddr.length) === 0) return "connected";
      return libc.errno() === ERRNO.EALREADY ? "pending" : "failed";
    },
    localAddress(fd, into) {
      libc.getsockname(fd, into, int32(into.length));
    },
    pendingError(fd) {
      const value = int32(0);
      libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, int32(value.length));
      return new DataView(value.buffer).getInt32(0, true);
    },
    interfaceIndex: (device) => libc.if_nametoindex(cString(device)),
    prepareUdp(fd, family) {
      const size = int32(RECEIVE_BUFFER);
      if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, size) < 0) {
        set(fd, SOL_SOCKET, SO_RCVBUF, size);
      }
      // Without it only "port unreachable" comes back, not "host unreachable" and its like.
      if (family === "ipv4") set(fd, IPPROTO_IP, IP_RECVERR, on);
      else set(fd, IPPROTO_IPV6, IPV6_RECVERR, on);
    },
    tcp: {
      noDelay: (fd) => void set(fd, IPPROTO_TCP, TCP_NODELAY, on),
      keepAlive(fd, seconds) {
        set(fd, SOL_SOCKET, SO_KEEPALIVE, on);
        set(fd, IPPROTO_TCP, TCP_KEEPIDLE, int32(seconds));
        set(fd, IPPROTO_TCP, TCP_KEEPINTVL, int32(seconds));
      },
      finish: (fd) => void libc.shutdown(fd, SHUT_WR),
      resetOnClose: (fd) => void set(fd, SOL_SOCKET, SO_LINGER, LINGER_RESET),
    },
    send: (fd, payload) => libc.send(fd, payload, payload.length, MSG_NOSIGNAL),
    receive(fd, into) {
      const octets = libc.recv(fd, into, into.length, 0);
      return octets < 0 ? -libc.errno() : octets;
    },
    forgetErrors(fd) {
      // Each waits a second time, in a queue that would go on waking us. Taken without octets: the buffer may be lent just now.
      while (libc.recv(fd, NOTHING, 0, MSG_ERRQUEUE) >= 0);
    },
    portSharing: {
      allow: (fd) => void set(fd, SOL_SOCKET, SO_REUSEADDR, on),
      bind(fd, sockaddr) {
        set(fd, SOL_SOCKET, SO_REUSEADDR, on);
        return libc.bind(fd, sockaddr, sockaddr.length);
      },
      receiveFrom(fd, into, from) {
        const length = int32(from.length);
        const octets = libc.recvfrom(fd, into, into.length, 0, from, length);
        return octets < 0 ? -libc.errno() : octets;
      },
    },
    close: (fd) => void libc.close(fd),
    errno: libc.errno,
    errnoName,
    eagain: ERRNO.EAGAIN,
  };
}

type Octets = Uint8Array<ArrayBuffer>;
