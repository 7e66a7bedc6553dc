import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError, TruncatedError } from "../base/errors.ts";
import { unlessAborted } from "../flow/deadline.ts";
import type { ByteStream } from "../flow/stream.ts";
import type { Exchange, Query } from "./exchange.ts";

/** A connection is kept for the next question so long after the last answer; servers hang up after some seconds (RFC 7766 §6.2.3). */
const IDLE: Millis = 8_000;

/** One question on a connection. */
export interface Asked {
  /** Says it. */
  readonly octets: Uint8Array;
  /** Nobody waits for the answer any more. */
  readonly forget: () => void;
}

/** How questions are asked on a stream, and answers told apart. */
export interface Conversation {
  /** Whether one more question may be asked where so many wait; otherwise the next one opens another connection. */
  mayAsk(waiting: number): boolean;
  /** `onAnswer` is called at most once. */
  ask(
    query: Query,
    onAnswer: (response: Uint8Array | ProtocolError) => void,
  ): Asked;
  /** Octets have come; `reply` says what the protocol demands. After an error nothing can be asked any more. */
  take(
    octets: Uint8Array,
    reply: (octets: Uint8Array) => void,
  ): ProtocolError | undefined;
  /** The server's end. */
  end(): void;
}

export interface Opened {
  readonly stream: ByteStream;
  readonly conversation: Conversation;
}

export interface ConnectionOptions {
  /** Opens a connection to the nameserver. */
  readonly open: (signal: AbortSignal) => Promise<Opened>;
  readonly clock: Clock;
}

/** Asks on one connection as many questions as it bears, and keeps it for the next ones. */
export function overConnection(
  { open, clock }: ConnectionOptions,
): Exchange {
  let connection: Connection | undefined;
  let opening: Promise<Connection> | undefined;
  const connect = async (signal: AbortSignal): Promise<Connection> => {
    connection = new Connection(await open(signal), clock);
    return connection;
  };
  return async function overConnection(query, signal) {
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
    const opened = await opening;
    // Others have waited for it too.
    return await (opened.isUsable() ? opened : await connect(signal))
      .ask(query, signal);
  };
}

class Connection {
  readonly #stream: ByteStream;
  readonly #conversation: Conversation;
  readonly #clock: Clock;
  readonly #waiting = new Set<(reason: unknown) => void>();
  #idle: Disposable | undefined;
  #ended = false;

  constructor({ stream, conversation }: Opened, clock: Clock) {
    this.#stream = stream;
    this.#conversation = conversation;
    this.#clock = clock;
    void this.#readAll();
  }

  isUsable(): boolean {
    return !this.#ended && this.#conversation.mayAsk(this.#waiting.size);
  }

  /** Whoever gives up leaves the connection to the others. */
  async ask(query: Query, signal: AbortSignal): Promise<Uint8Array> {
    this.#idle?.[Symbol.dispose]();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const asked = this.#conversation.ask(query, (response) => {
      if (response instanceof ProtocolError) reject(response);
      else resolve(response);
    });
    this.#waiting.add(reject);
    try {
      this.#stream.write(asked.octets).catch(reject);
      return await unlessAborted(signal, promise);
    } finally {
      asked.forget();
      this.#waiting.delete(reject);
      // One that does not answer is not asked again.
      if (signal.aborted && this.#waiting.size === 0) this.#end(signal.reason);
      else this.#restWhenIdle();
    }
  }

  async #readAll(): Promise<void> {
    const reply = (octets: Uint8Array): void => {
      this.#stream.write(octets).catch((error) => this.#end(error));
    };
    const take = (octets: Uint8Array): void => {
      const error = this.#conversation.take(octets, reply);
      if (error !== undefined) this.#end(error);
    };
    try {
      while (await this.#stream.read(take));
      this.#conversation.end();
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
    for (const reject of this.#waiting) reject(reason);
  }
}
