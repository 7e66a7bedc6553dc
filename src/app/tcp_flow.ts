import { TruncatedError } from "../base/errors.ts";
import type { Rejection, TcpFlow } from "../flow/flow.ts";
import { type ByteStream, deferred, READY, rejected } from "../flow/stream.ts";
import { localEndpoint, remoteEndpoint } from "../stack/flow_key.ts";
import type { TcpEvents } from "../stack/tcp/events.ts";
import type { PendingSyn } from "../stack/tcp/pending_syn.ts";
import type { TcpSocket } from "../stack/tcp/socket.ts";
import type { OpenedFlow } from "./flows.ts";

/** An application's SYN as a flow; `controller` aborts with it. */
export function tcpFlow(
  syn: PendingSyn,
  { id, controller }: OpenedFlow,
): TcpFlow {
  const { signal } = controller;
  let stream: SocketStream | undefined;
  syn.onCancelled = () =>
    controller.abort(new TruncatedError("The application has given up"));
  return {
    id,
    protocol: "tcp",
    src: remoteEndpoint(syn.key),
    dst: localEndpoint(syn.key),
    signal,
    trace: [],
    traffic: { sent: 0, received: 0 },
    accept: async () => {
      signal.throwIfAborted();
      stream = new SocketStream(
        syn.accept(),
        (reason) => controller.abort(reason),
      );
      await stream.established;
      return stream;
    },
    reject: (reason: Rejection) => {
      if (stream === undefined) syn.reject(reason);
      else stream.abort(new TruncatedError("The flow was given up"));
    },
  };
}

interface PendingRead {
  readonly take: (octets: Uint8Array) => void;
  readonly result: PromiseWithResolvers<boolean>;
}

/** A connection of the stack's as a ByteStream. */
export class SocketStream implements ByteStream, TcpEvents {
  readonly established: Promise<void>;
  readonly #established = deferred<void>();
  readonly #socket: TcpSocket;
  readonly #onDead: (reason: unknown) => void;
  #read: PendingRead | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #finished = false;
  #failure: { readonly reason: unknown } | undefined;

  /** `onDead` is told why the connection came to its end before its time. */
  constructor(socket: TcpSocket, onDead: (reason: unknown) => void) {
    this.#socket = socket;
    this.#onDead = onDead;
    this.established = this.#established.promise;
    socket.events = this;
  }

  read(take: (octets: Uint8Array) => void): Promise<boolean> {
    if (this.#socket.readable() > 0) {
      this.#socket.read(take);
      return Promise.resolve(true);
    }
    if (this.#socket.hasEnded()) return Promise.resolve(false);
    if (this.#failure) return rejected(this.#failure.reason);
    const result = deferred<boolean>();
    this.#read = { take, result };
    return result.promise;
  }

  write(octets: Uint8Array): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    if (!this.#socket.write(octets)) {
      const reason = new TruncatedError("No memory is left for this flow");
      this.abort(reason);
      return rejected(reason);
    }
    if (!this.#socket.isFull()) return READY;
    this.#room ??= deferred();
    return this.#room.promise;
  }

  closeWrite(): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    this.#finished = true;
    this.#socket.closeWrite();
    return READY;
  }

  abort(reason: unknown): void {
    this.#fail(reason);
    this.#socket.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#finished || !this.#socket.hasEnded()) {
      this.abort(new TruncatedError("The stream was given up"));
    }
    return READY;
  }

  // TcpEvents

  onEstablished(): void {
    this.#established.resolve();
  }

  onReadable(): void {
    const read = this.#read;
    const more = this.#socket.readable() > 0;
    if (read === undefined || (!more && !this.#socket.hasEnded())) return;
    this.#read = undefined;
    if (more) this.#socket.read(read.take);
    read.result.resolve(more);
  }

  onWritable(): void {
    if (this.#socket.isFull()) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  onClosed(reason: "reset" | "timeout" | undefined): void {
    if (reason === undefined) return;
    const what = reason === "timeout"
      ? "The application does not answer"
      : "The application has reset the connection";
    this.#fail(new TruncatedError(what));
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#established.reject(this.#failure.reason);
    this.#read?.result.reject(this.#failure.reason);
    this.#read = undefined;
    this.#room?.reject(this.#failure.reason);
    this.#room = undefined;
    this.#onDead(this.#failure.reason);
  }
}
