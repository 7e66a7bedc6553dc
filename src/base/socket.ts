import type { Socket } from "node:net";
import type { Millis } from "./clock.ts";
import type { DialError } from "./errors.ts";

/** What `ffi` needs to open a socket, so that no other folder knows how a socket gets its interface or mark. */
export interface SocketOptions {
  /** An address, never a name. */
  readonly host: string;
  readonly port: number;
  /** Name of an interface, or one of its addresses. The socket is bound to the device. */
  readonly interface?: string;
  /** SO_MARK, > 0. */
  readonly mark?: number;
  /** Network namespace to make the socket in, in which `interface` is looked for: a name as `ip netns` has it, or an absolute path. */
  readonly netns?: string;
  readonly signal: AbortSignal;
}

/**
 * A connected TCP socket as the system has it: it pushes what it has read, and takes what it can. Whoever owns it sets its
 * events before `resume`, and ends with `close`, `reset` or `toNode`.
 */
export interface TcpSocket {
  /** Our address, as `wire/address.ts` formats it. */
  readonly localAddress: string;
  /** `octets` are lent until it returns. */
  onOctets: (octets: Uint8Array) => void;
  /** The peer's FIN. */
  onEnd: () => void;
  /** Nothing can be read or sent any more. */
  onFailure: (error: Error) => void;
  /** It is gone: closed, reset, or handed over and closed then. */
  onClose: () => void;
  /** Reading begins with the first `resume`. */
  resume(): void;
  pause(): void;
  /** Sends what the system takes at once, and answers how many octets that was; all, where the socket has failed. */
  send(octets: Uint8Array): number;
  /** Sends all of `octets`, which stay as they are until `done`. One at a time; not done where the socket fails. */
  write(octets: Uint8Array, done: () => void): void;
  /** FIN; nothing is being written. */
  end(): void;
  /** RST, and the end of it. */
  reset(): void;
  close(): void;
  /** Has `onFailure`, or node:net's own event, say why. */
  fail(reason: Error): void;
  /** Idle time before the first probe. */
  setKeepAlive(idle: Millis): void;
  /** Hands over a socket whose reading has not begun; `onClose` is still told of its end. */
  toNode(): Socket;
}

/**
 * Resolves with a connected socket, Nagle off, half-open allowed; rejects with a DialError that carries the real errno. It is one
 * of node:net only where the system or this Deno has nothing better: a flow costs a fifth less CPU without node:net.
 */
export type OpenSocket = (
  options: SocketOptions,
) => Promise<TcpSocket | Socket>;

/** Reading of a socket that has been taken away from `node:net`. */
export interface SocketReading {
  pause(): void;
  resume(): void;
}

/**
 * Has a socket of node:net or node:tls read into `buffer`, which may be shared: from now on `onOctets` is called with how many
 * octets there are, and is done with them when it returns. What node:net has read before, the end and errors still come as
 * events. Undefined where this Deno cannot.
 */
export type ReadInto = (
  socket: Socket,
  buffer: Uint8Array<ArrayBuffer>,
  onOctets: (octets: number) => void,
) => SocketReading | undefined;

/** A UDP socket's port, which may be shared with others of ours. */
export interface UdpOptions extends SocketOptions {
  /** That of another socket of ours to the same family by the same interface; without it the system chooses one. */
  readonly localPort?: number;
}

/** A connected UDP socket. Lossy: what the system cannot take is dropped. */
export interface UdpSocket extends Disposable {
  /** Ours; 0 where it cannot be shared. */
  readonly localPort: number;
  /** `payload` is valid only during the call. */
  onDatagram: (payload: Uint8Array) => void;
  /** An ICMP error came back for something sent, or the socket is gone for good (kind "broken"). */
  onError: (error: DialError) => void;
  send(payload: Uint8Array): void;
}

/** Throws a DialError where the system refuses the destination at once (no route, no such interface). */
export type OpenUdp = (options: UdpOptions) => UdpSocket;

/** Takes what comes to a port of ours from where none of our sockets is connected to. */
export interface UdpPort extends Disposable {
  /** `payload` is valid only during the call; `host` is an address as formatted by `wire/address.ts`. */
  onDatagram: (
    payload: Uint8Array,
    from: { readonly host: string; readonly port: number },
  ) => void;
}

/** `options` are those of a socket that has the port already. Throws a DialError. */
export type OpenUdpPort = (
  options: UdpOptions & { readonly localPort: number },
) => UdpPort;

export type Protocol = "tcp" | "udp";

/** Whether the socket with this 5-tuple is one of ours: "connecting" as long as nobody has answered it. Addresses as formatted by `wire/address.ts`. */
export type OwnSocket = (
  protocol: Protocol,
  local: { readonly host: string; readonly port: number },
  remote: { readonly host: string; readonly port: number },
) => "connecting" | "connected" | undefined;

/** Everything that `main.ts` takes from `ffi` to reach the network. */
export interface Network {
  readonly openSocket: OpenSocket;
  readonly openUdp: OpenUdp;
  /** Absent where the system has no such thing: nobody but the destination is heard then. */
  readonly openUdpPort?: OpenUdpPort | undefined;
  readonly ownSocket: OwnSocket;
  readonly readInto: ReadInto;
}
