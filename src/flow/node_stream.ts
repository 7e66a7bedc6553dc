import type { Socket } from "node:net";
import { describe, TruncatedError } from "../base/errors.ts";
import type { ReadInto, SocketReading } from "../base/socket.ts";
import { SendBuffers } from "./send_queue.ts";
import { socketStream, type StreamSocket } from "./socket_stream.ts";
import type { ByteStream } from "./stream.ts";

/** Octets that are read at once: more gain nothing (measured). */
const INCOMING = 64 * 1024;

/**
 * Makes a ByteStream of a socket of node:net or node:tls, open in both directions and with `allowHalfOpen`; takes it over.
 * `under` is what carries a TLS socket.
 */
export type NodeStreams = (socket: Socket, under?: Under) => ByteStream;

/** All streams that it makes share `buffers` and what they read into. `readInto` makes reading cheaper where it can. */
export function nodeStreams(
  readInto: ReadInto,
  buffers: SendBuffers = new SendBuffers(),
): NodeStreams {
  const shared: Shared = { readInto, incoming: new Uint8Array(INCOMING) };
  return (socket, under) => {
    const bare = {
      setKeepAlive: (idle: number) => void socket.setKeepAlive(true, idle),
      take: () => socket,
    };
    return socketStream(
      new NodeSocket(socket, under, shared),
      buffers,
      under === undefined ? bare : undefined,
    );
  };
}

interface Shared {
  readonly readInto: ReadInto;
  /** What has just been read. */
  readonly incoming: Uint8Array<ArrayBuffer>;
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

class NodeSocket implements StreamSocket {
  onOctets: (octets: Uint8Array) => void = () => {};
  onEnd: () => void = () => {};
  onFailure: (error: Error) => void = () => {};
  readonly #socket: Socket;
  readonly #under: Under | undefined;
  readonly #shared: Shared;
  /** Set by the first `resume`: until then TLS may take the socket over. */
  #reading: SocketReading | undefined;

  constructor(socket: Socket, under: Under | undefined, shared: Shared) {
    this.#socket = socket;
    this.#under = under;
    this.#shared = shared;
    socket.pause();
    socket.on("data", (octets: Uint8Array) => this.onOctets(octets));
    socket.on("end", () => this.onEnd());
    socket.on("error", (error: Error) => {
      this.onFailure(new TruncatedError(describe(error), { cause: error }));
    });
    socket.on("close", () => {
      this.onFailure(new TruncatedError("The connection is closed"));
    });
  }

  resume(): void {
    this.#under?.resume();
    if (this.#reading === undefined) this.#reading = this.#beginReading();
    else this.#reading.resume();
  }

  pause(): void {
    this.#reading?.pause();
    this.#under?.pause();
  }

  /** Whatever node:net takes stays as it is until it has left. */
  send(): number {
    return 0;
  }

  write(octets: Uint8Array, done: () => void): void {
    this.#socket.write(octets, done);
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    if (this.#under !== undefined) this.#under.reset();
    else if (!this.#socket.destroyed) this.#socket.resetAndDestroy();
    this.#socket.destroy();
  }

  /** What has been written may still be on its way: the end of the socket comes by itself. */
  close(): void {
    if (this.#socket.writableFinished) this.#socket.destroy();
    else this.#socket.once("finish", () => this.#socket.destroy());
  }

  #beginReading(): SocketReading {
    const { readInto, incoming } = this.#shared;
    const socket = this.#socket;
    const reading = readInto(socket, incoming, (octets) => {
      this.onOctets(incoming.subarray(0, octets));
    });
    if (reading !== undefined) return reading;
    socket.resume();
    return { pause: () => socket.pause(), resume: () => socket.resume() };
  }
}
