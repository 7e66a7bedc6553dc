import { DialError } from "../src/base/errors.ts";
import type {
  Protocol,
  SocketOptions,
  UdpOptions,
} from "../src/base/socket.ts";
import { type Address, parseAddress, unmapped } from "../src/wire/address.ts";
import { type Binding, isLinkLocalIpv6, resolveBinding } from "./binding.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import type { OwnEntry, OwnSockets, SocketAddress } from "./own_sockets.ts";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_MAX } from "./sockaddr.ts";
import type { Family, SocketCalls } from "./socket_calls.ts";

export interface ConnectingSocket {
  /** The caller's to close. */
  readonly fd: number;
  readonly family: Family;
  /** False while the handshake is under way. */
  readonly connected: boolean;
  /** Ours. */
  readonly local: SocketAddress;
  readonly own: OwnEntry;
}

export interface SocketSupport {
  readonly sockets: SocketCalls;
  readonly ownSockets: OwnSockets;
}

/** Makes a socket, binds it as asked for and begins to connect it. Throws a DialError, and leaves no descriptor behind. */
export function beginConnect(
  protocol: Protocol,
  target: UdpOptions,
  support: SocketSupport,
): ConnectingSocket {
  const task = (): ConnectingSocket => begin(protocol, target, support);
  return within(target, support.sockets, task);
}

function begin(
  protocol: Protocol,
  target: UdpOptions,
  support: SocketSupport,
): ConnectingSocket {
  const { sockets } = support;
  const { fd, family, destination, binding } = makeBound(
    protocol,
    target,
    sockets,
  );
  try {
    const scope = isLinkLocalIpv6(destination) && binding !== undefined
      ? sockets.interfaceIndex(binding.device)
      : 0;
    const { port } = target;
    const remote = encodeSockaddr(sockets.sockaddr, {
      ...{ address: destination, port, scope },
    });
    const state = sockets.connect(fd, remote);
    if (state === "failed") throw failed(target, "connect", sockets);
    const { local, own } = register(protocol, fd, remote, support);
    const connected = state === "connected";
    return { fd, family, connected, local, own };
  } catch (error) {
    sockets.close(fd);
    throw error;
  }
}

interface BoundSocket extends Pick<ConnectingSocket, "fd" | "family"> {
  readonly destination: Address;
  readonly binding: Binding | undefined;
}

/** Makes a socket for `target` and binds it as asked for. Throws a DialError, and leaves no descriptor behind. */
export function openBound(
  protocol: Protocol,
  target: UdpOptions,
  sockets: SocketCalls,
): BoundSocket {
  return within(target, sockets, () => makeBound(protocol, target, sockets));
}

/** In the network namespace of `target`: a socket stays in the one that it is made in, and indices of interfaces are those of one. */
function within<T>(
  target: SocketOptions,
  sockets: SocketCalls,
  task: () => T,
): T {
  const { netns } = target;
  if (netns === undefined) return task();
  if (sockets.enter === undefined) {
    const reason = "this system has no network namespaces (netns)";
    throw new DialError("unsupported", `${cannotReach(target)}: ${reason}`);
  }
  const leave = sockets.enter(netns);
  if (typeof leave === "string") throw notEntered(leave, target, sockets);
  try {
    return task();
  } finally {
    leave();
  }
}

function notEntered(
  syscall: string,
  target: SocketOptions,
  sockets: SocketCalls,
): DialError {
  const errno = sockets.errnoName(sockets.errno());
  const hint = errno === "ENOENT"
    ? "no such network namespace"
    : errno === "EPERM"
    ? "run tungo as root, or give it CAP_SYS_ADMIN"
    : "is it a network namespace?";
  return dialError({ target, syscall, errno, hint });
}

function makeBound(
  protocol: Protocol,
  target: UdpOptions,
  sockets: SocketCalls,
): BoundSocket {
  const parsed = parseAddress(target.host);
  if (parsed === undefined) {
    throw unreachable(target, `"${target.host}" is not an address`);
  }
  const destination = unmapped(parsed);
  const family = destination.length === 4 ? "ipv4" : "ipv6";
  const fd = sockets.socket(family, protocol);
  if (fd < 0) throw failed(target, "socket", sockets);
  try {
    const binding = bindingOf(target, destination);
    if (binding !== undefined) {
      bindToDevice({ fd, family }, binding, target, sockets);
    }
    bind({ fd, family }, binding, target, sockets);
    if (target.mark !== undefined) mark(fd, target.mark, target, sockets);
    return { fd, family, destination, binding };
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

function bindToDevice(
  { fd, family }: Pick<ConnectingSocket, "fd" | "family">,
  { device }: Binding,
  target: SocketOptions,
  sockets: SocketCalls,
): void {
  const refused = sockets.bindToDevice(fd, device, family);
  if (refused !== undefined) throw optionRefused(refused, target, sockets);
}

/** To the source address and the port that are asked for, where one is. */
function bind(
  { fd, family }: Pick<ConnectingSocket, "fd" | "family">,
  binding: Binding | undefined,
  target: UdpOptions,
  sockets: SocketCalls,
): void {
  const { localPort: port = 0 } = target;
  const source = binding?.source;
  if (source === undefined && port === 0) return;
  const any = new Uint8Array(family === "ipv4" ? 4 : 16);
  const local = encodeSockaddr(sockets.sockaddr, {
    address: source ?? any,
    port,
    scope: binding === undefined ? 0 : sockets.interfaceIndex(binding.device),
  });
  const bound = port === 0
    ? sockets.bind(fd, local)
    : sockets.portSharing?.bind(fd, local) ?? -1;
  if (bound < 0) throw failed(target, "bind", sockets);
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
): { readonly local: SocketAddress; readonly own: OwnEntry } {
  const { sockaddr } = sockets;
  const octets = new Uint8Array(SOCKADDR_MAX);
  sockets.localAddress(fd, octets);
  const local = decodeSockaddr(sockaddr, octets);
  const to = decodeSockaddr(sockaddr, remote);
  return { local, own: ownSockets.add(protocol, local, to) };
}
