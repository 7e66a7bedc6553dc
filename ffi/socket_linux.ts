import { DialError } from "../src/base/errors.ts";
import type { Protocol, SocketOptions } from "../src/base/socket.ts";
import { type Address, parseAddress, unmapped } from "../src/wire/address.ts";
import { type Binding, isLinkLocalIpv6, resolveBinding } from "./binding.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import { ERRNO, errnoName } from "./errno.ts";
import { cString, int32, type Libc } from "./libc.ts";
import type { OwnEntry, OwnSockets } from "./own_sockets.ts";
import {
  AF_INET,
  AF_INET6,
  decodeSockaddr,
  encodeSockaddr,
  SOCKADDR_MAX,
} from "./sockaddr_linux.ts";
import {
  IP_BIND_ADDRESS_NO_PORT,
  IPPROTO_IP,
  SO_BINDTODEVICE,
  SO_MARK,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./socket_options_linux.ts";

export interface ConnectingSocket {
  /** The caller's to close. */
  readonly fd: number;
  readonly family: typeof AF_INET | typeof AF_INET6;
  /** Connected, or EINPROGRESS. */
  readonly connected: boolean;
  readonly own: OwnEntry;
}

export interface SocketSupport {
  readonly libc: Libc;
  readonly ownSockets: OwnSockets;
}

/** Makes a socket, binds it as asked for and begins to connect it. Throws a DialError, and leaves no descriptor behind. */
export function beginConnect(
  protocol: Protocol,
  target: SocketOptions,
  support: SocketSupport,
): ConnectingSocket {
  const parsed = parseAddress(target.host);
  if (parsed === undefined) {
    throw unreachable(target, `"${target.host}" is not an address`);
  }
  const destination = unmapped(parsed);
  const family = destination.length === 4 ? AF_INET : AF_INET6;
  const kind = protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM;
  const { libc } = support;
  const fd = libc.socket(family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failed(target, "socket", libc);
  try {
    const binding = bindingOf(target, destination);
    if (binding !== undefined) bind(fd, binding, target, libc);
    if (target.mark !== undefined) mark(fd, target.mark, target, libc);
    const scope = isLinkLocalIpv6(destination) && binding !== undefined
      ? libc.if_nametoindex(cString(binding.device))
      : 0;
    const remote = encodeSockaddr(destination, target.port, scope);
    const connected = connect(fd, remote, target, libc);
    const own = register(protocol, fd, remote, support);
    return { fd, family, connected, own };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

export function failed(
  target: SocketOptions,
  syscall: string,
  libc: Libc,
): DialError {
  return dialError({ target, syscall, errno: errnoName(libc.errno()) });
}

function unreachable(target: SocketOptions, reason: string): DialError {
  return new DialError("unreachable", `${cannotReach(target)}: ${reason}`);
}

function bindingOf(
  target: SocketOptions,
  destination: Address,
): Binding | undefined {
  if (target.interface === undefined) return undefined;
  const binding = resolveBinding(
    target.interface,
    destination,
    Deno.networkInterfaces,
  );
  if (typeof binding === "string") throw unreachable(target, binding);
  return binding;
}

function bind(
  fd: number,
  { device, source }: Binding,
  target: SocketOptions,
  libc: Libc,
): void {
  const name = cString(device);
  if (
    libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length) < 0
  ) {
    throw optionRefused("SO_BINDTODEVICE", target, libc);
  }
  if (source === undefined) return;
  // Without this a bind takes a port for itself alone, and 28 000 dials to different hosts use them up.
  const on = int32(1);
  libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, on, on.length);
  const local = encodeSockaddr(source, 0, libc.if_nametoindex(name));
  if (libc.bind(fd, local, local.length) < 0) {
    throw failed(target, "bind", libc);
  }
}

function mark(
  fd: number,
  value: number,
  target: SocketOptions,
  libc: Libc,
): void {
  const octets = int32(value);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_MARK, octets, octets.length) < 0) {
    throw optionRefused("SO_MARK", target, libc);
  }
}

function optionRefused(
  option: string,
  target: SocketOptions,
  libc: Libc,
): DialError {
  const errno = errnoName(libc.errno());
  const syscall = `setsockopt(${option})`;
  switch (errno) {
    case "ENODEV":
      return dialError({ target, syscall, errno, hint: "no such interface" });
    case "EPERM":
      return dialError({
        ...{ target, syscall, errno },
        hint: "run tungo as root, or give it CAP_NET_RAW and CAP_NET_ADMIN",
      });
    default:
      return dialError({ target, syscall, errno });
  }
}

/** False while the handshake is under way. */
function connect(
  fd: number,
  remote: Uint8Array<ArrayBuffer>,
  target: SocketOptions,
  libc: Libc,
): boolean {
  if (libc.connect(fd, remote, remote.length) === 0) return true;
  if (libc.errno() === ERRNO.EINPROGRESS) return false;
  throw failed(target, "connect", libc);
}

/** `connect` has chosen our address and port by now, even where the handshake is still under way. */
function register(
  protocol: Protocol,
  fd: number,
  remote: Uint8Array,
  { libc, ownSockets }: SocketSupport,
): OwnEntry {
  const local = new Uint8Array(SOCKADDR_MAX);
  libc.getsockname(fd, local, int32(SOCKADDR_MAX));
  return ownSockets.add(
    protocol,
    decodeSockaddr(local),
    decodeSockaddr(remote),
  );
}
