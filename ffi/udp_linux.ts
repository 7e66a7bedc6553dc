import { DialError } from "../src/base/errors.ts";
import type { SocketOptions, UdpSocket } from "../src/base/socket.ts";
import { cannotReach, dialError } from "./dial_errors.ts";
import { ERRNO, errnoName } from "./errno.ts";
import { int32, type Libc } from "./libc.ts";
import type { OwnEntry } from "./own_sockets.ts";
import type { OpenReader, Reader } from "./reader_linux.ts";
import { AF_INET } from "./sockaddr_linux.ts";
import { beginConnect, type SocketSupport } from "./socket_linux.ts";
import {
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVERR,
  MSG_ERRQUEUE,
  MSG_NOSIGNAL,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_SOCKET,
} from "./socket_options_linux.ts";

/** More than any datagram. */
export const DATAGRAM_BUFFER = 65_536;

/** Octets that may wait for us: 25 ms of 1 Gbit/s in small datagrams, whose bookkeeping the kernel counts too. */
const RECEIVE_BUFFER = 4 << 20;

/**
 * Deno was seen to announce a socket again and again that had nothing to say. After so many announcements without a datagram or
 * an error between them, it is given up: its flow begins anew with the next datagram.
 */
const MAX_EMPTY = 1000;

const NOTHING = new Uint8Array(1);

/** Datagrams taken per arrival, so that one busy socket does not hold up the rest. */
const BURST = 32;

export interface UdpSupport extends SocketSupport {
  readonly openReader: OpenReader;
  /** DATAGRAM_BUFFER octets, shared by all sockets: a payload is lent for the length of a callback. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

export function openUdp(
  target: SocketOptions,
  support: UdpSupport,
): UdpSocket {
  target.signal.throwIfAborted();
  const { fd, family, own } = beginConnect("udp", target, support);
  own.state = "connected";
  const { libc } = support;
  const size = int32(RECEIVE_BUFFER);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length) < 0) {
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, size.length);
  }
  // Without it only "port unreachable" comes back, not "host unreachable" and its like.
  const on = int32(1);
  if (family === AF_INET) {
    libc.setsockopt(fd, IPPROTO_IP, IP_RECVERR, on, on.length);
  } else {
    libc.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, on, on.length);
  }
  return new LinuxUdp({ fd, own, target, support });
}

interface LinuxUdpOptions {
  readonly fd: number;
  readonly own: OwnEntry;
  readonly target: SocketOptions;
  readonly support: UdpSupport;
}

class LinuxUdp implements UdpSocket {
  onDatagram: (payload: Uint8Array) => void = () => {};
  onError: (error: DialError) => void = () => {};
  readonly #fd: number;
  readonly #own: OwnEntry;
  readonly #target: SocketOptions;
  readonly #libc: Libc;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #reader: Reader;
  #closed = false;
  /** Announcements in a row that had nothing behind them. */
  #empty = 0;

  constructor({ fd, own, target, support }: LinuxUdpOptions) {
    this.#fd = fd;
    this.#own = own;
    this.#target = target;
    this.#libc = support.libc;
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
    const sent = this.#libc.send(
      this.#fd,
      octets,
      octets.length,
      MSG_NOSIGNAL,
    );
    if (sent < 0) this.#fail("send", this.#libc.errno());
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#own.remove();
    void this.#reader.close();
  }

  #arrived(first: number): void {
    let result = first === -ERRNO.EAGAIN ? this.#receive() : first;
    if (result === -ERRNO.EAGAIN) {
      this.#forgetErrors();
      if (++this.#empty > MAX_EMPTY) return this.#giveUp();
    } else {
      this.#empty = 0;
    }
    for (let i = 1; result !== -ERRNO.EAGAIN; i++) {
      if (result >= 0) this.onDatagram(this.#buffer.subarray(0, result));
      else this.#fail("recv", -result);
      if (this.#closed) return;
      if (i === BURST) break;
      result = this.#receive();
    }
    this.#reader.arm();
  }

  #receive(): number {
    const octets = this.#libc.recv(this.#fd, this.#buffer, DATAGRAM_BUFFER, 0);
    return octets < 0 ? -this.#libc.errno() : octets;
  }

  /** Each error waits a second time, in a queue that would go on waking us. Taken without octets: the buffer may be lent just now. */
  #forgetErrors(): void {
    while (this.#libc.recv(this.#fd, NOTHING, 0, MSG_ERRQUEUE) >= 0);
  }

  #giveUp(): void {
    const message = `${cannotReach(this.#target)}: the socket is of no use`;
    this.onError(new DialError("broken", message));
  }

  #fail(syscall: string, errno: number): void {
    this.#forgetErrors();
    if (isLoss(errno)) return;
    this.onError(
      dialError({ target: this.#target, syscall, errno: errnoName(errno) }),
    );
  }
}

/** The datagram is lost, as UDP allows; the socket is as good as before. */
function isLoss(errno: number): boolean {
  return errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS ||
    errno === ERRNO.ENOMEM || errno === ERRNO.EMSGSIZE ||
    errno === ERRNO.EPERM;
}
