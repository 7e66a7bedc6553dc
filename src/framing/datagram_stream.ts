import { type ProtocolError, TruncatedError } from "../base/errors.ts";
import {
  type ByteStream,
  type DatagramChannel,
  deferred,
  type Peer,
  READY,
} from "../flow/stream.ts";

/** How datagrams lie in a stream. */
export interface DatagramFraming {
  /** What takes them out again. */
  readonly reader: (
    onDatagram: (payload: Uint8Array, from?: Peer) => void,
  ) => {
    push(octets: Uint8Array): ProtocolError | undefined;
    isBetweenDatagrams(): boolean;
  };
  /** Writes one at the start of `into` and returns its end; 0 for one that cannot be carried. */
  readonly put: (into: Uint8Array, payload: Uint8Array, to?: Peer) => number;
  /** Room for the largest datagram and its header; used within `send` only, so all channels may share one. */
  readonly scratch: Uint8Array;
}

/**
 * Datagrams in a stream of octets; takes `stream` over. A stream whose peer does not keep up loses the newest datagrams.
 * `closed` rejects with a TruncatedError or a ProtocolError where the stream does not end between two datagrams.
 */
export function datagramStream(
  stream: ByteStream,
  framing: DatagramFraming,
): DatagramChannel {
  return new DatagramStream(stream, framing);
}

class DatagramStream implements DatagramChannel {
  readonly closed: Promise<void>;
  readonly #closed = deferred<void>();
  readonly #stream: ByteStream;
  readonly #framing: DatagramFraming;
  /** More octets wait in the stream than it is allowed to hold. */
  #full = false;

  constructor(stream: ByteStream, framing: DatagramFraming) {
    this.#stream = stream;
    this.#framing = framing;
    this.closed = this.#closed.promise;
  }

  send(payload: Uint8Array, to?: Peer): void {
    if (this.#full) return;
    const { scratch, put } = this.#framing;
    const end = put(scratch, payload, to);
    if (end === 0) return;
    const room = this.#stream.write(scratch.subarray(0, end));
    if (room === READY) return;
    this.#full = true;
    room.then(() => this.#full = false, this.#closed.reject);
  }

  deliver(onDatagram: (payload: Uint8Array, from?: Peer) => void): void {
    this.#pump(onDatagram).then(this.#closed.resolve, this.#closed.reject);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.resolve();
    await this.#stream.closeWrite().catch(() => {});
    await this.#stream[Symbol.asyncDispose]();
  }

  async #pump(
    onDatagram: (payload: Uint8Array, from?: Peer) => void,
  ): Promise<void> {
    const reader = this.#framing.reader(onDatagram);
    let violation: ProtocolError | undefined;
    const feed = (octets: Uint8Array): void => {
      violation ??= reader.push(octets);
    };
    while (await this.#stream.read(feed)) {
      if (violation !== undefined) throw violation;
    }
    if (!reader.isBetweenDatagrams()) {
      throw new TruncatedError("The stream ended in the middle of a datagram");
    }
  }
}
