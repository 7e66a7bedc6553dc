import type { Socket } from "node:net";
import { describe, TruncatedError } from "../base/errors.ts";
import type { ReadInto, SocketReading } from "../base/socket.ts";
import { SendBuffers, SendQueue } from "./send_queue.ts";
import {
  type ByteStream,
  deferred,
  READY,
  rejected,
  WRITE_BOUND,
} from "./stream.ts";

/** Octets that are read at once: more gain nothing (measured). */
const INCOMING = 64 * 1024;

/**
 * Makes a ByteStream of a socket of node:net or node:tls, open in both directions and with `allowHalfOpen`; takes it over.
 * `under` is what carries a TLS socket.
 */
export type NodeStreams = (socket: Socket, under?: Under) => ByteStream;

/** All streams that it makes share their buffers. `readInto` makes reading cheaper where it can. */
export function nodeStreams(readInto: ReadInto): NodeStreams {
  const shared: Shared = {
    readInto,
    incoming: new Uint8Array(INCOMING),
    outgoing: new SendBuffers(),
  };
  return (socket, under) => new NodeStream(socket, under, shared);
}

interface Shared {
  readonly readInto: ReadInto;
  /** What has just been read. */
  readonly incoming: Uint8Array<ArrayBuffer>;
  readonly outgoing: SendBuffers;
}

/** What is under a TLS socket, and must be told what the TLS socket does not pass on. */
export interface Under {
  /** A paused TLS socket of Deno's goes on reading what is under it, without a bound (Deno 2.9.6). */
  pause(): void;
  resume(): void;
  /** Resets the connection, which TLS cannot. */
  reset(): void;
}

/** A socket whose reading and end are not node:tls's to decide. */
export function underTls(raw: Socket): Under {
  // What node:net keeps to itself: its own `pause` has no effect once TLS has taken the socket over.
  const handle = (raw as unknown as { _handle: ReadHandle | null })._handle;
  return {
    pause: () => handle?.readStop(),
    resume: () => handle?.readStart(),
    reset: () => {
      if (!raw.destroyed) raw.resetAndDestroy();
    },
  };
}

interface ReadHandle {
  readStop(): void;
  readStart(): void;
}

interface PendingRead {
  readonly take: (octets: Uint8Array) => void;
  readonly resolve: (more: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

class NodeStream implements ByteStream {
  readonly socket?: Socket;
  readonly #socket: Socket;
  readonly #under: Under | undefined;
  readonly #shared: Shared;
  readonly #queue: SendQueue;
  /** Set by the first read: until then TLS may take the socket over. */
  #reading: SocketReading | undefined;
  #paused = true;
  #read: PendingRead | undefined;
  /** The pending read has taken octets, and is about to be resolved. */
  #taking = false;
  /** What came while nobody read; the socket is paused then. */
  #waiting: Uint8Array[] = [];
  #ended = false;
  #finished = false;
  /** Set once nothing can happen any more but what waits. */
  #failure: { readonly reason: unknown } | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(socket: Socket, under: Under | undefined, shared: Shared) {
    if (under === undefined) this.socket = socket;
    this.#socket = socket;
    this.#under = under;
    this.#shared = shared;
    this.#queue = new SendQueue(
      (octets, done) => socket.write(octets, done),
      shared.outgoing,
      () => this.#onSent(),
    );
    socket.pause();
    socket.on("data", (octets: Uint8Array) => this.#onData(octets, false));
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error: Error) => this.#fail(truncated(error)));
    socket.on("close", () => this.#onClose());
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
    this.#resume();
    return promise;
  }

  write(octets: Uint8Array): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    this.#queue.push(octets);
    if (this.#queue.unsent() <= WRITE_BOUND) return READY;
    this.#room ??= deferred();
    return this.#room.promise;
  }

  closeWrite(): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    this.#finished = true;
    this.#queue.flush();
    this.#socket.end();
    return READY;
  }

  abort(reason: unknown): void {
    this.#fail(reason);
    this.#waiting = [];
    this.#queue.clear();
    if (this.#under !== undefined) this.#under.reset();
    else if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
    this.#socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended && this.#finished) {
      // What has been written may still be on its way: the end of the socket comes by itself.
      if (this.#socket.writableFinished) this.#socket.destroy();
      else this.#socket.once("finish", () => this.#socket.destroy());
    } else {
      this.abort(new Error("The stream was given up"));
    }
    return READY;
  }

  #onSent(): void {
    if (this.#queue.unsent() > WRITE_BOUND) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** `octets` are lent where `lent` says so. */
  #onData(octets: Uint8Array, lent: boolean): void {
    const read = this.#read;
    if (read === undefined) {
      this.#waiting.push(lent ? octets.slice() : octets);
      this.#pause();
      return;
    }
    read.take(octets);
    // Records of one segment come one behind the other: the read goes on until all of them have been taken.
    if (!this.#taking) queueMicrotask(() => this.#settle());
    this.#taking = true;
  }

  #settle(): void {
    this.#taking = false;
    this.#read?.resolve(true);
    this.#read = undefined;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#under?.resume();
    if (this.#reading === undefined) this.#reading = this.#beginReading();
    else this.#reading.resume();
  }

  #pause(): void {
    this.#paused = true;
    this.#reading?.pause();
    this.#under?.pause();
  }

  #beginReading(): SocketReading {
    const { readInto, incoming } = this.#shared;
    const socket = this.#socket;
    const reading = readInto(socket, incoming, (octets) => {
      this.#onData(incoming.subarray(0, octets), true);
    });
    if (reading !== undefined) return reading;
    socket.resume();
    return { pause: () => socket.pause(), resume: () => socket.resume() };
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#taking) return;
    this.#read?.resolve(false);
    this.#read = undefined;
  }

  #onClose(): void {
    // After an orderly end nothing waits, and whoever still writes learns it from the failure.
    this.#fail(new TruncatedError("The connection is closed"));
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    if (!this.#taking) {
      this.#read?.reject(this.#failure.reason);
      this.#read = undefined;
    }
    this.#room?.reject(this.#failure.reason);
    this.#room = undefined;
  }
}

function truncated(error: Error): TruncatedError {
  return new TruncatedError(describe(error), { cause: error });
}
