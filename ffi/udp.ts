import { DialError } from "../src/base/errors.ts";
import type {
  SocketOptions,
  UdpOptions,
  UdpSocket,
} from "../src/base/socket.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import type { OwnEntry } from "./own_sockets.ts";
import type { OpenReader, Reader } from "./reader.ts";
import { beginConnect, type SocketSupport } from "./socket.ts";
import type { SocketCalls } from "./socket_calls.ts";

/** More than any datagram. */
export const DATAGRAM_BUFFER = 65_536;

/** Octets that may wait for us: 25 ms of 1 Gbit/s in small datagrams, whose bookkeeping the kernel counts too. */
export const RECEIVE_BUFFER = 4 << 20;

/**
 * Deno was seen to announce a socket again and again that had nothing to say. After so many announcements without a datagram or
 * an error between them, it is given up: its flow begins anew with the next datagram.
 */
const MAX_EMPTY = 1000;

/** Datagrams taken per arrival, so that one busy socket does not hold up the rest. */
const BURST = 32;

/** The datagram is lost, as UDP allows; the socket is as good as before. */
const LOSSES: ReadonlySet<string> = new Set([
  ...["EAGAIN", "ENOBUFS", "ENOMEM", "EMSGSIZE", "EPERM"],
]);

export interface UdpSupport extends SocketSupport {
  readonly openReader: OpenReader;
  /** DATAGRAM_BUFFER octets, shared by all sockets: a payload is lent for the length of a callback. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

export function openUdp(
  target: UdpOptions,
  support: UdpSupport,
): UdpSocket {
  target.signal.throwIfAborted();
  const { fd, family, own, local } = beginConnect("udp", target, support);
  own.state = "connected";
  const { sockets } = support;
  sockets.prepareUdp(fd, family);
  sockets.portSharing?.allow(fd);
  const port = sockets.portSharing === undefined ? 0 : local.port;
  return new ConnectedUdp({ fd, own, localPort: port, target, support });
}

interface ConnectedUdpOptions {
  readonly fd: number;
  readonly own: OwnEntry;
  readonly localPort: number;
  readonly target: SocketOptions;
  readonly support: UdpSupport;
}

class ConnectedUdp implements UdpSocket {
  onDatagram: (payload: Uint8Array) => void = () => {};
  onError: (error: DialError) => void = () => {};
  readonly localPort: number;
  readonly #fd: number;
  readonly #own: OwnEntry;
  readonly #target: SocketOptions;
  readonly #sockets: SocketCalls;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #reader: Reader;
  #closed = false;
  /** Announcements in a row that had nothing behind them. */
  #empty = 0;

  constructor(
    { fd, own, localPort, target, support }: ConnectedUdpOptions,
  ) {
    this.localPort = localPort;
    this.#fd = fd;
    this.#own = own;
    this.#target = target;
    this.#sockets = support.sockets;
    this.#buffer = support.buffer;
    this.#reader = support.openReader({
      fd,
      errors: true,
      buffer: support.buffer,
      onArrival: (result) => this.#arrived(result),
    });
    this.#reader.arm();
  }

  send(payload: Uint8Array): void {
    if (this.#closed) return;
    const octets = payload as Uint8Array<ArrayBuffer>;
    if (this.#sockets.send(this.#fd, octets) < 0) {
      this.#fail("send", this.#sockets.errno());
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#own.remove();
    void this.#reader.close();
  }

  #arrived(first: number): void {
    const nothing = -this.#sockets.eagain;
    let result = first === nothing ? this.#receive() : first;
    if (result === nothing) {
      this.#sockets.forgetErrors(this.#fd);
      if (++this.#empty > MAX_EMPTY) return this.#giveUp();
    } else {
      this.#empty = 0;
    }
    for (let i = 1; result !== nothing; i++) {
      if (result >= 0) this.onDatagram(this.#buffer.subarray(0, result));
      else this.#fail("recv", -result);
      if (this.#closed) return;
      if (i === BURST) break;
      result = this.#receive();
    }
    this.#reader.arm();
  }

  #receive(): number {
    return this.#sockets.receive(this.#fd, this.#buffer);
  }

  #giveUp(): void {
    const message = `${cannotReach(this.#target)}: the socket is of no use`;
    this.onError(new DialError("broken", message));
  }

  #fail(syscall: string, errno: number): void {
    this.#sockets.forgetErrors(this.#fd);
    const name = this.#sockets.errnoName(errno);
    if (LOSSES.has(name)) return;
    this.onError(dialError({ target: this.#target, syscall, errno: name }));
  }
}
