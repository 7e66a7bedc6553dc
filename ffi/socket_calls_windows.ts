import {
  AF_INET6,
  IP_UNICAST_IF,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_UNICAST_IF,
  SO_ERROR,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  WINDOWS_SOCKADDR,
  WSA_FLAG_NO_HANDLE_INHERIT,
  WSA_FLAG_OVERLAPPED,
} from "./constants_windows.ts";
import { WINDOWS_ERRNO, windowsErrnoName } from "./errno_windows.ts";
import { interfaceIndex } from "./interfaces_windows.ts";
import { int32 } from "./libc.ts";
import type { WindowsPoller } from "./poller_windows.ts";
import { AF_INET } from "./sockaddr.ts";
import type { SocketCalls } from "./socket_calls.ts";
import { RECEIVE_BUFFER } from "./udp.ts";
import type { Windows } from "./windows.ts";

export function windowsSockets(
  lib: Windows,
  poller: WindowsPoller,
): SocketCalls {
  const set = (fd: number, level: number, option: number, value: Octets) =>
    lib.setsockopt(fd, level, option, value, value.length);
  return {
    sockaddr: WINDOWS_SOCKADDR,
    socket(family, protocol) {
      const tcp = protocol === "tcp";
      const fd = lib.WSASocketW(
        family === "ipv4" ? AF_INET : AF_INET6,
        tcp ? SOCK_STREAM : SOCK_DGRAM,
        tcp ? IPPROTO_TCP : IPPROTO_UDP,
        ...[null, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT] as const,
      );
      if (fd >= 0) poller.announce(fd);
      return fd;
    },
    bindToDevice(fd, device, family) {
      const index = interfaceIndex(device, lib);
      const option = family === "ipv4" ? "IP_UNICAST_IF" : "IPV6_UNICAST_IF";
      if (index === 0) {
        // It would take the binding away.
        lib.WSASetLastError(WINDOWS_ERRNO.ENODEV);
        return option;
      }
      // ws2ipdef.h: of IPv4 in network order, of IPv6 in the machine's.
      const result = family === "ipv4"
        ? set(fd, IPPROTO_IP, IP_UNICAST_IF, int32(index).reverse())
        : set(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, int32(index));
      return result === 0 ? undefined : option;
    },
    bind: (fd, sockaddr) => lib.bind(fd, sockaddr, sockaddr.length),
    connect(fd, sockaddr) {
      if (lib.connect(fd, sockaddr, sockaddr.length) === 0) return "connected";
      return lib.WSAGetLastError() === WINDOWS_ERRNO.EAGAIN
        ? "pending"
        : "failed";
    },
    localAddress(fd, into) {
      lib.getsockname(fd, into, int32(into.length));
    },
    pendingError(fd) {
      const value = int32(0);
      lib.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, int32(value.length));
      return new DataView(value.buffer).getInt32(0, true);
    },
    interfaceIndex: (device) => interfaceIndex(device, lib),
    prepareUdp(fd) {
      set(fd, SOL_SOCKET, SO_RCVBUF, int32(RECEIVE_BUFFER));
    },
    send: (fd, payload) => lib.send(fd, payload, payload.length, 0),
    receive(fd, into) {
      const octets = lib.recv(fd, into, into.length, 0);
      return octets < 0 ? -lib.WSAGetLastError() : octets;
    },
    forgetErrors() {
      // Reporting one takes it away.
    },
    close: (fd) => void lib.closesocket(fd),
    errno: lib.WSAGetLastError,
    errnoName: windowsErrnoName,
    eagain: WINDOWS_ERRNO.EAGAIN,
  };
}

type Octets = Uint8Array<ArrayBuffer>;
