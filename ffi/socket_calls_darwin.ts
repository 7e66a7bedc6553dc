import {
  AF_INET6,
  DARWIN_SOCKADDR,
  FIOCLEX,
  FIONBIO,
  IP_BOUND_IF,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_BOUND_IF,
  SO_ERROR,
  SO_NOSIGPIPE,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants_darwin.ts";
import { DARWIN_ERRNO, darwinErrnoName } from "./errno_darwin.ts";
import { cString, int32 } from "./libc.ts";
import type { LibSystem } from "./libsystem.ts";
import { AF_INET } from "./sockaddr.ts";
import type { SocketCalls } from "./socket_calls.ts";
import { RECEIVE_BUFFER } from "./udp.ts";

export function darwinSockets(lib: LibSystem): SocketCalls {
  const set = (fd: number, level: number, option: number, value: number) => {
    const octets = int32(value);
    return lib.setsockopt(fd, level, option, octets, octets.length);
  };
  return {
    sockaddr: DARWIN_SOCKADDR,
    socket(family, protocol) {
      const fd = lib.socket(
        family === "ipv4" ? AF_INET : AF_INET6,
        protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM,
        0,
      );
      if (fd >= 0) makeNonBlocking(fd, lib);
      return fd;
    },
    bindToDevice(fd, device, family) {
      const index = lib.if_nametoindex(cString(device));
      // An index of 0 would take the binding away instead of refusing it.
      const wanted = index === 0 ? -1 : index;
      return family === "ipv4"
        ? set(fd, IPPROTO_IP, IP_BOUND_IF, wanted) < 0
          ? "IP_BOUND_IF"
          : undefined
        : set(fd, IPPROTO_IPV6, IPV6_BOUND_IF, wanted) < 0
        ? "IPV6_BOUND_IF"
        : undefined;
    },
    bind: (fd, sockaddr) => lib.bind(fd, sockaddr, sockaddr.length),
    connect(fd, sockaddr) {
      if (lib.connect(fd, sockaddr, sockaddr.length) === 0) return "connected";
      return lib.errno() === DARWIN_ERRNO.EINPROGRESS ? "pending" : "failed";
    },
    localAddress(fd, into) {
      lib.getsockname(fd, into, int32(into.length));
    },
    pendingError(fd) {
      const value = int32(0);
      lib.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, int32(value.length));
      return new DataView(value.buffer).getInt32(0, true);
    },
    interfaceIndex: (device) => lib.if_nametoindex(cString(device)),
    prepareUdp(fd) {
      set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
    },
    send: (fd, payload) => lib.send(fd, payload, payload.length, 0),
    receive(fd, into) {
      const octets = lib.recv(fd, into, into.length, 0);
      return octets < 0 ? -lib.errno() : octets;
    },
    forgetErrors() {
      // Reporting one takes it away.
    },
    close: (fd) => void lib.close(fd),
    errno: lib.errno,
    errnoName: darwinErrnoName,
    eagain: DARWIN_ERRNO.EAGAIN,
  };

  function makeNonBlocking(fd: number, lib: LibSystem): void {
    lib.ioctl(fd, FIONBIO, int32(1));
    lib.ioctl(fd, FIOCLEX, new Uint8Array(4));
    set(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
  }
}
