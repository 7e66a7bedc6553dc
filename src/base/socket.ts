import type { Socket } from "node:net";
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
  readonly signal: AbortSignal;
}

/** Resolves with a connected socket, Nagle off, half-open allowed; rejects with a DialError that carries the real errno. */
export type OpenSocket = (options: SocketOptions) => Promise<Socket>;

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

/** A connected UDP socket. Lossy: what the system cannot take is dropped. */
export interface UdpSocket extends Disposable {
  /** `payload` is valid only during the call. */
  onDatagram: (payload: Uint8Array) => void;
  /** An ICMP error came back for something sent, or the socket is gone for good (kind "broken"). */
  onError: (error: DialError) => void;
  send(payload: Uint8Array): void;
}

/** Throws a DialError where the system refuses the destination at once (no route, no such interface). */
export type OpenUdp = (options: SocketOptions) => UdpSocket;

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
  readonly ownSocket: OwnSocket;
  readonly readInto: ReadInto;
}
