import type { Socket } from "node:net";
import { assert } from "../src/base/assert.ts";
import type { Millis } from "../src/base/clock.ts";
import { TruncatedError } from "../src/base/errors.ts";
import type { SocketOptions, TcpSocket } from "../src/base/socket.ts";
import { cannotReach } from "./dial_errors.ts";
import {
  adoptTcp,
  type PipeBinding,
  type PipeHandle,
  UV_EOF,
} from "./node_handles.ts";
import type { OwnEntry } from "./own_sockets.ts";
import type { Poller } from "./poller.ts";
import type { SocketCalls, TcpCalls } from "./socket_calls.ts";
import type { Sweep } from "./sweep.ts";

export interface HandleTcpOptions {
  /** Connected; taken over. */
  readonly fd: number;
  readonly localAddress: string;
  readonly own: OwnEntry;
  readonly target: SocketOptions;
  readonly sockets: SocketCalls;
  readonly tcp: TcpCalls;
  readonly pipes: PipeBinding;
  readonly poller: Poller;
  readonly sweep: Sweep | undefined;
  readonly descriptors: WeakMap<object, number> | undefined;
  /** Shared by all sockets. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

/**
 * Read by a Pipe handle of Deno's, as the TUN is, and written by system calls of ours. What is sent is not copied on its way to the
 * kernel, and a flow costs a fifth less CPU than under node:net.
 */
export class HandleTcp implements TcpSocket {
  onOctets: (octets: Uint8Array) => void = () => {};
  onEnd: () => void = () => {};
  onFailure: (error: Error) => void = () => {};
  onClose: () => void = () => {};
  readonly localAddress: string;
  readonly #options: HandleTcpOptions;
  readonly #fd: number;
  /** Made when something is to be read. */
  #handle: PipeHandle | undefined;
  #watching: Disposable | undefined;
  #reading = false;
  #ended = false;
  #node: Socket | undefined;
  #closed = false;
  #failed = false;

  constructor(options: HandleTcpOptions) {
    this.localAddress = options.localAddress;
    this.#options = options;
    this.#fd = options.fd;
  }

  resume(): void {
    if (this.#closed) return;
    this.#reading = true;
    this.#handle ??= this.#open();
    this.#handle.readStart();
  }

  pause(): void {
    this.#reading = false;
    if (!this.#closed) this.#handle?.readStop();
  }

  send(octets: Uint8Array): number {
    if (this.#closed || this.#failed) return octets.length;
    const { sockets } = this.#options;
    const sent = sockets.send(this.#fd, octets as Uint8Array<ArrayBuffer>);
    if (sent >= 0) return sent;
    const errno = sockets.errno();
    if (errno === sockets.eagain) return 0;
    this.#break("send", errno);
    return octets.length;
  }

  write(octets: Uint8Array, done: () => void): void {
    const sent = this.send(octets);
    if (this.#closed || this.#failed) return;
    if (sent === octets.length) return done();
    // Not by the handle, whose news come late while anything else is ready.
    void this.#options.poller.wait(this.#fd, "writable").then((ready) => {
      if (ready) this.write(octets.subarray(sent), done);
    });
  }

  end(): void {
    if (!this.#closed) this.#options.tcp.finish(this.#fd);
  }

  reset(): void {
    if (this.#closed) return;
    this.#options.tcp.resetOnClose(this.#fd);
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.poller.forget(this.#fd);
    this.#watching?.[Symbol.dispose]();
    if (this.#handle === undefined) {
      this.#options.sockets.close(this.#fd);
      this.#gone();
    } else {
      this.#handle.close(() => this.#gone());
    }
  }

  fail(reason: Error): void {
    if (this.#node === undefined) this.onFailure(reason);
    else this.#node.destroy(reason);
  }

  setKeepAlive(idle: Millis): void {
    const seconds = Math.max(1, Math.round(idle / 1000));
    this.#options.tcp.keepAlive(this.#fd, seconds);
  }

  toNode(): Socket {
    assert(!this.#closed && this.#handle === undefined, "socket in use");
    this.#closed = true;
    this.#node = adoptTcp(this.#fd, this.#options.descriptors);
    this.#node.once("close", () => this.#gone());
    return this.#node;
  }

  #gone(): void {
    this.#options.own.remove();
    this.onClose();
  }

  #open(): PipeHandle {
    const { pipes, buffer, sweep } = this.#options;
    const handle = new pipes.Pipe(0);
    const result = handle.open(this.#fd);
    assert(result === 0, `Pipe.open answered ${result}`);
    handle.useUserBuffer(buffer);
    handle.onread = () => {
      this.#arrived(pipes.lastRead());
      sweep?.turn();
    };
    this.#watching = sweep?.watch(this.#fd, () => this.#look());
    return handle;
  }

  /** `result`: octets in the buffer, UV_EOF, or a negative errno. */
  #arrived(result: number): void {
    if (this.#closed || this.#ended) return;
    if (result > 0) {
      this.onOctets(this.#options.buffer.subarray(0, result));
    } else if (result === UV_EOF) {
      this.#ended = true;
      this.onEnd();
    } else if (result < 0) {
      this.#break("read", -result);
    }
  }

  /** Something has come that Deno has not noticed. */
  #look(): void {
    if (!this.#reading || this.#closed) return;
    const { sockets, buffer } = this.#options;
    const result = sockets.receive(this.#fd, buffer);
    if (result !== -sockets.eagain) {
      this.#arrived(result === 0 ? UV_EOF : result);
    }
  }

  #break(syscall: string, errno: number): void {
    this.#failed = true;
    const { target, sockets } = this.#options;
    const name = sockets.errnoName(errno);
    const reason = name === "ECONNRESET" || name === "EPIPE"
      ? "the peer has reset the connection"
      : `${syscall} says ${name}`;
    const message = `${cannotReach(target)} any more: ${reason}`;
    this.onFailure(new TruncatedError(message));
  }
}
