import { DialError } from "../src/base/errors.ts";
import type { Protocol, SocketOptions } from "../src/base/socket.ts";
import { type Address, parseAddress, unmapped } from "../src/wire/address.ts";
import { type Binding, isLinkLocalIpv6, resolveBinding } from "./binding.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import type { OwnEntry, OwnSockets } from "./own_sockets.ts";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_MAX } from "./sockaddr.ts";
import type { Family, SocketCalls } from "./socket_calls.ts";

export interface ConnectingSocket {
  /** The caller's to close. */
  readonly fd: number;
  readonly family: Family;
  /** False while the handshake is under way. */
  readonly connected: boolean;
  readonly own: OwnEntry;
}

export interface SocketSupport {
  readonly sockets: SocketCalls;
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
  const family = destination.length === 4 ? "ipv4" : "ipv6";
  const { sockets } = support;
  const fd = sockets.socket(family, protocol);
  if (fd < 0) throw failed(target, "socket", sockets);
  try {
    const binding = bindingOf(target, destination);
    if (binding !== undefined) bind({ fd, family }, binding, target, sockets);
    if (target.mark !== undefined) mark(fd, target.mark, target, sockets);
    const scope = isLinkLocalIpv6(destination) && binding !== undefined
      ? sockets.interfaceIndex(binding.device)
      : 0;
    const { port } = target;
    const remote = encodeSockaddr(sockets.sockaddr, {
      ...{ address: destination, port, scope },
    });
    const state = sockets.connect(fd, remote);
    if (state === "failed") throw failed(target, "connect", sockets);
    const own = register(protocol, fd, remote, support);
    return { fd, family, connected: state === "connected", own };
  } catch (error) {
    sockets.close(fd);
    throw error;
  }
}

function failed(
  target: SocketOptions,
  syscall: string,
  sockets: SocketCalls,
): DialError {
  const errno = sockets.errnoName(sockets.errno());
  return dialError({ target, syscall, errno });
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
  { fd, family }: Pick<ConnectingSocket, "fd" | "family">,
  { device, source }: Binding,
  target: SocketOptions,
  sockets: SocketCalls,
): void {
  const refused = sockets.bindToDevice(fd, device, family);
  if (refused !== undefined) throw optionRefused(refused, target, sockets);
  if (source === undefined) return;
  const scope = sockets.interfaceIndex(device);
  const local = { address: source, port: 0, scope };
  if (sockets.bind(fd, encodeSockaddr(sockets.sockaddr, local)) < 0) {
    throw failed(target, "bind", sockets);
  }
}

function mark(
  fd: number,
  value: number,
  target: SocketOptions,
  sockets: SocketCalls,
): void {
  if (sockets.mark === undefined) {
    const reason = "this system has no marks (so_mark)";
    throw new DialError("unsupported", `${cannotReach(target)}: ${reason}`);
  }
  const refused = sockets.mark(fd, value);
  if (refused !== undefined) throw optionRefused(refused, target, sockets);
}

function optionRefused(
  option: string,
  target: SocketOptions,
  sockets: SocketCalls,
): DialError {
  const errno = sockets.errnoName(sockets.errno());
  const syscall = `setsockopt(${option})`;
  switch (errno) {
    case "ENODEV":
    case "ENXIO":
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

/** `connect` has chosen our address and port by now, even where the handshake is still under way. */
function register(
  protocol: Protocol,
  fd: number,
  remote: Uint8Array,
  { sockets, ownSockets }: SocketSupport,
): OwnEntry {
  const local = new Uint8Array(SOCKADDR_MAX);
  sockets.localAddress(fd, local);
  return ownSockets.add(
    protocol,
    decodeSockaddr(sockets.sockaddr, local),
    decodeSockaddr(sockets.sockaddr, remote),
  );
}
