import type { TcpSocket } from "../base/socket.ts";
import { type SendBuffers, SendQueue } from "./send_queue.ts";
import {
  type BareSocket,
  type ByteStream,
  deferred,
  READY,
  rejected,
  WRITE_BOUND,
} from "./stream.ts";

/** Octets of one read, about: with more, a flow's queues grow far beyond their bounds (4 MiB); with less, one stream pauses too often. */
const READ_BOUND = 768 * 1024;

/** What a stream needs of the socket under it. */
export type StreamSocket = Pick<
  TcpSocket,
  | "onOctets"
  | "onEnd"
  | "onFailure"
  | "resume"
  | "pause"
  | "send"
  | "write"
  | "end"
  | "reset"
  | "close"
>;

/** A socket as a ByteStream; takes it over. All streams may share `buffers`. */
export function socketStream(
  socket: StreamSocket,
  buffers: SendBuffers,
  bare?: BareSocket,
): ByteStream {
  return new SocketStream(socket, buffers, bare);
}

interface PendingRead {
  readonly take: (octets: Uint8Array) => void;
  readonly resolve: (more: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

class SocketStream implements ByteStream {
  readonly bare?: BareSocket;
  readonly #socket: StreamSocket;
  readonly #queue: SendQueue;
  #paused = true;
  #read: PendingRead | undefined;
  /** Octets that the pending read has taken; it is about to be resolved then. */
  #taken = 0;
  /** What came while nobody read; the socket is paused then. */
  #waiting: Uint8Array[] = [];
  #ended = false;
  /** No more octets of ours follow; the FIN leaves behind those that are unsent. */
  #finished = false;
  /** Nobody is interested any more; the socket is closed behind the FIN. */
  #closing = false;
  /** Set once nothing can happen any more but what waits. */
  #failure: { readonly reason: unknown } | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(
    socket: StreamSocket,
    buffers: SendBuffers,
    bare: BareSocket | undefined,
  ) {
    if (bare !== undefined) this.bare = bare;
    this.#socket = socket;
    this.#queue = new SendQueue(
      (octets, done) => socket.write(octets, done),
      buffers,
      () => this.#onSent(),
    );
    socket.onOctets = (octets) => this.#onOctets(octets);
    socket.onEnd = () => this.#onEnd();
    socket.onFailure = (error) => this.#fail(error);
  }

  read(take: (octets: Uint8Array) => void): Promise<boolean> {
    if (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const octets of waiting) take(octets);
      return Promise.resolve(true);
    }
    if (this.#ended) return Promise.resolve(false);
    if (this.#failure) return rejected(this.#failure.reason);
    const { promise, resolve, reject } = deferred<boolean>();
    this.#read = { take, resolve, reject };
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
    return promise;
  }

  write(octets: Uint8Array): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    // What the system takes at once is copied by nobody but the system.
    const sent = this.#queue.unsent() === 0 ? this.#socket.send(octets) : 0;
    if (sent === octets.length) return READY;
    this.#queue.push(octets.subarray(sent));
    if (this.#queue.unsent() <= WRITE_BOUND) return READY;
    this.#room ??= deferred();
    return this.#room.promise;
  }

  closeWrite(): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    if (this.#finished) return READY;
    this.#finished = true;
    if (this.#queue.unsent() === 0) this.#socket.end();
    return READY;
  }

  abort(reason: unknown): void {
    this.#fail(reason);
    this.#waiting = [];
    this.#queue.clear();
    this.#socket.reset();
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended || !this.#finished) {
      this.abort(new Error("The stream was given up"));
    } else if (this.#queue.unsent() === 0) {
      this.#socket.close();
    } else {
      this.#closing = true;
    }
    return READY;
  }

  #onSent(): void {
    const unsent = this.#queue.unsent();
    if (unsent <= WRITE_BOUND) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    if (unsent > 0 || !this.#finished) return;
    this.#socket.end();
    if (this.#closing) this.#socket.close();
  }

  #onOctets(octets: Uint8Array): void {
    const read = this.#read;
    if (read === undefined) {
      this.#waiting.push(octets.slice());
      this.#pause();
      return;
    }
    read.take(octets);
    // Records of one segment come one behind the other: the read goes on until all of them have been taken.
    if (this.#taken === 0) queueMicrotask(() => this.#settle());
    this.#taken += octets.length;
    // One turn of the event loop may bring megabytes, and whoever takes them cannot say that it is enough.
    if (this.#taken >= READ_BOUND) this.#pause();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #settle(): void {
    this.#taken = 0;
    this.#read?.resolve(true);
    this.#read = undefined;
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#taken > 0) return;
    this.#read?.resolve(false);
    this.#read = undefined;
  }

  /** After an orderly end nothing waits, and whoever still writes learns it from the failure. */
  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    if (this.#taken === 0) {
      this.#read?.reject(this.#failure.reason);
      this.#read = undefined;
    }
    this.#room?.reject(this.#failure.reason);
    this.#room = undefined;
  }
}
