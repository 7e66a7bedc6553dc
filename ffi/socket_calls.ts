import type { Protocol } from "../src/base/socket.ts";
import type { SockaddrForm } from "./sockaddr.ts";

export type Family = "ipv4" | "ipv6";

/** UDP sockets with one port: a datagram goes to the one that is connected to its sender, or else to the one that is not connected. */
export interface PortSharing {
  /** Lets other sockets of ours have the same port. To be called when the system has chosen it: it chooses none that is taken. */
  allow(fd: number): void;
  /** Binds to a port that others have, too. */
  bind(fd: number, sockaddr: Uint8Array<ArrayBuffer>): number;
  /** The octets of a datagram, or a negative errno; writes whom it is from. */
  receiveFrom(
    fd: number,
    into: Uint8Array<ArrayBuffer>,
    from: Uint8Array<ArrayBuffer>,
  ): number;
}

/** One system's calls for sockets, as far as systems differ. Those that answer a number answer one below 0 where they fail. */
export interface SocketCalls {
  readonly sockaddr: SockaddrForm;
  /** Non-blocking, and not for child processes. The caller's to close. */
  socket(family: Family, protocol: Protocol): number;
  /** Keeps it on the interface. The option that was refused, where one was. */
  bindToDevice(fd: number, device: string, family: Family): string | undefined;
  /** Gives it a source address. */
  bind(fd: number, sockaddr: Uint8Array<ArrayBuffer>): number;
  /** The option that was refused, where one was. Only Linux has marks. */
  mark?(fd: number, value: number): string | undefined;
  /**
   * Takes this thread into a network namespace until the result is called, which must be before anything else has its turn; or the
   * call that was refused. Only Linux has them.
   */
  enter?(netns: string): (() => void) | string;
  connect(
    fd: number,
    sockaddr: Uint8Array<ArrayBuffer>,
  ): "connected" | "pending" | "failed";
  /** Writes the socket's own address. */
  localAddress(fd: number, into: Uint8Array<ArrayBuffer>): void;
  /** The errno that a pending connect has ended with, 0 for none. Asking makes it 0. */
  pendingError(fd: number): number;
  /** 0 where there is no such interface. */
  interfaceIndex(device: string): number;
  /** Room for datagrams that wait for us, and news of those that came to nothing. */
  prepareUdp(fd: number, family: Family): void;
  /** Undefined where TCP sockets are left to node:net. */
  readonly tcp?: TcpCalls;
  send(fd: number, payload: Uint8Array<ArrayBuffer>): number;
  /** The octets of a datagram, or a negative errno. */
  receive(fd: number, into: Uint8Array<ArrayBuffer>): number;
  /** Takes away what the system keeps of errors after it has reported them. */
  forgetErrors(fd: number): void;
  /** Absent where UDP sockets cannot share a port, each with its own peer. */
  readonly portSharing?: PortSharing;
  close(fd: number): void;
  /** Of the last call that failed. */
  errno(): number;
  /** Like "ECONNREFUSED", on every system. */
  errnoName(errno: number): string;
  /** What a call answers that would have to wait. */
  readonly eagain: number;
}

/** What is done to a TCP socket that node:net knows nothing of. */
export interface TcpCalls {
  /** Nagle's algorithm off. */
  noDelay(fd: number): void;
  /** Seconds without a word before the first probe, and between two. */
  keepAlive(fd: number, seconds: number): void;
  /** Sends FIN. */
  finish(fd: number): void;
  /** Its close will send RST. */
  resetOnClose(fd: number): void;
}
