import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError, TruncatedError } from "../base/errors.ts";
import { unlessAborted } from "../flow/deadline.ts";
import type { ByteStream } from "../flow/stream.ts";
import { answers } from "../proto/dns.ts";
import { DatagramReader } from "../proto/datagram_reader.ts";
import { LENGTH_PREFIX, putLengthPrefixed } from "../proto/length_prefix.ts";
import type { Exchange, Query } from "./exchange.ts";

/** A connection is kept for the next question so long after the last answer; servers hang up after some seconds (RFC 7766 §6.2.3). */
const IDLE: Millis = 8_000;

/** Questions that wait on one connection; the next one opens another. */
const MOST = 100;

export interface StreamExchangeOptions {
  /** Opens a connection to the nameserver. */
  readonly open: (signal: AbortSignal) => Promise<ByteStream>;
  readonly clock: Clock;
}

/** By a stream, each message behind its length; one connection for many questions. RFC 7766 §6.2.1, RFC 7858 §3.3. */
export function byStream(
  { open, clock }: StreamExchangeOptions,
): Exchange {
  let connection: Connection | undefined;
  let opening: Promise<Connection> | undefined;
  const connect = async (signal: AbortSignal): Promise<Connection> => {
    connection = new Connection(await open(signal), clock);
    return connection;
  };
  return async function byStream(query, signal) {
    const kept = connection;
    if (kept?.isUsable()) {
      try {
        return await kept.ask(query, signal);
      } catch (error) {
        // A server may hang up on a connection at any time: the question is asked again on a new one.
        if (signal.aborted || kept.isUsable()) throw error;
      }
    }
    opening ??= connect(signal).finally(() => opening = undefined);
    return await (await opening).ask(query, signal);
  };
}

interface Waiting extends Query {
  readonly resolve: (response: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

class Connection {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #idle: Disposable | undefined;
  #ended = false;

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    void this.#readAll();
  }

  isUsable(): boolean {
    return !this.#ended && this.#waiting.size < MOST;
  }

  /** Whoever gives up leaves the connection to the others. */
  async ask(query: Query, signal: AbortSignal): Promise<Uint8Array> {
    this.#idle?.[Symbol.dispose]();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const waiting = { ...query, resolve, reject };
    this.#waiting.add(waiting);
    try {
      const framed = new Uint8Array(2 + query.octets.length);
      putLengthPrefixed(framed, 0, query.octets);
      this.#stream.write(framed).catch(reject);
      return await unlessAborted(signal, promise);
    } finally {
      this.#waiting.delete(waiting);
      // One that does not answer is not asked again.
      if (signal.aborted && this.#waiting.size === 0) this.#end(signal.reason);
      else this.#restWhenIdle();
    }
  }

  async #readAll(): Promise<void> {
    const reader = new DatagramReader(LENGTH_PREFIX, (octets) => {
      for (const { question, resolve } of this.#waiting) {
        if (answers(octets, question)) resolve(octets.slice());
      }
    });
    try {
      while (await this.#stream.read((octets) => void reader.push(octets)));
      this.#end(new ProtocolError("dns", "The nameserver hung up"));
    } catch (error) {
      this.#end(error);
    }
  }

  #restWhenIdle(): void {
    if (this.#ended || this.#waiting.size > 0) return;
    const end = (): void => this.#end(new TruncatedError("Nobody asks"));
    this.#idle = this.#clock.callAt(this.#clock.now() + IDLE, end);
  }

  #end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#idle?.[Symbol.dispose]();
    this.#stream.abort(reason);
    for (const { reject } of this.#waiting) reject(reason);
  }
}
