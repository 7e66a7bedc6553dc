import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError, TruncatedError } from "../base/errors.ts";
import { type ByteStream, deferred } from "../flow/stream.ts";
import {
  encodeSmuxSignal,
  encodeSmuxUpdate,
  SmuxReader,
  type SmuxSink,
  type SmuxVersion,
} from "../proto/smux.ts";
import { SmuxBudget } from "./smux_budget.ts";
import type { SmuxFrames } from "./smux_frames.ts";
import { SmuxOpenings } from "./smux_openings.ts";
import { SmuxOutput } from "./smux_output.ts";
import { type SmuxLink, SmuxStream } from "./smux_stream.ts";

/** Streams of a carrier that are open at once; a peer's further ones are closed at once. */
export const SMUX_STREAMS_MAX = 4096;

/** By this id of a NOP, which means nothing to others, two tungos know each other: "tung", little-endian. */
const TUNGO = 0x676e_7574;

/** GOST's first stream, too. */
const FIRST_ID = 3;
/** Ids are 32 bits. */
const LAST_ID = 2 ** 32 - 1;

/** GOST's window. */
const LEAST_WINDOW = 65_536;

export interface SmuxKeepalive {
  /** Between NOPs. */
  readonly interval: Millis;
  /** Without a frame; at least `interval`. */
  readonly timeout: Millis;
}

export interface SmuxOptions {
  /** A client opens streams, and a server takes them in. */
  readonly role: "client" | "server";
  /** Without one it is the peer's. */
  readonly version?: SmuxVersion;
  readonly keepalive: SmuxKeepalive | undefined;
  /** Octets that all streams together may leave unread; then nothing more is read from the carrier. */
  readonly receiveBuffer: number;
  /** Octets that one stream may leave unread, where the peer can be told. Without it a share of what is left of all. */
  readonly streamBuffer: number | undefined;
  /** Shared by sessions. */
  readonly frames: SmuxFrames;
  readonly clock: Clock;
  /** A server's: takes the stream over. */
  readonly onStream?: (stream: ByteStream) => void;
}

/** Many streams on one carrier, which it takes over. */
export class SmuxSession {
  /** Resolves with the reason when the carrier is gone. */
  readonly closed: Promise<unknown>;
  readonly #closed = deferred<unknown>();
  readonly #carrier: ByteStream;
  readonly #options: SmuxOptions;
  readonly #reader: SmuxReader;
  readonly #streams = new Map<number, SmuxStream>();
  readonly #output: SmuxOutput;
  readonly #link: SmuxLink;
  readonly #openings: SmuxOpenings;
  #nextId = FIRST_ID;
  #peerIsTungo = false;
  readonly #budget: SmuxBudget;
  #heardAt: Millis;
  #heard = false;
  #keepalive: Disposable | undefined;
  /** No more streams. */
  #retired = false;
  #failure: { readonly reason: unknown } | undefined;

  constructor(carrier: ByteStream, options: SmuxOptions) {
    const { clock, frames, role, keepalive } = options;
    this.#carrier = carrier;
    this.#options = options;
    this.#reader = new SmuxReader(options.version);
    this.#heardAt = clock.now();
    this.closed = this.#closed.promise;
    this.#budget = new SmuxBudget({
      octets: options.receiveBuffer,
      clock,
      onHeld: (held) => this.#dropWorst(held),
    });
    this.#openings = new SmuxOpenings(clock);
    this.#output = new SmuxOutput(carrier, (reason) => this.#fail(reason));
    const output = this.#output;
    this.#link = {
      clock,
      frames,
      output,
      version: () => this.#version(),
      hasWindows: () => this.#peerIsTungo || this.#version() === 2,
      window: () => this.#window(),
      halfCloses: () => this.#peerIsTungo,
      signal: (signal, stream) =>
        output.answer(encodeSmuxSignal(this.#version(), signal, stream)),
      update: (stream, consumed, window) => {
        const version = this.#version();
        const update = { version, stream, consumed, window };
        output.answer(encodeSmuxUpdate(update));
      },
      freed: (octets) => this.#budget.free(octets),
      forget: (stream) => this.#forget(stream),
    };
    if (role === "client") this.#link.signal("nop", TUNGO);
    if (keepalive !== undefined) this.#scheduleKeepalive(keepalive);
    void this.#receive();
  }

  /** A client's next stream: the peer learns of it with its first octets. Waits where GOST would not take in so many at once. */
  async open(signal: AbortSignal): Promise<ByteStream> {
    const isPatient = !this.#peerIsTungo;
    if (isPatient) await this.#openings.wait(signal);
    const stream = new SmuxStream(this.#nextId, this.#link, { opener: true });
    this.#nextId += 2;
    if (isPatient) this.#openings.begin(stream.id);
    if (this.#failure) stream.fail(this.#failure.reason);
    else this.#streams.set(stream.id, stream);
    return stream;
  }

  /** Whether streams can be opened, and would not wait for others to be read. */
  isOpen(): boolean {
    return this.#failure === undefined && !this.#budget.isSpent() &&
      !this.#retired && this.#nextId < LAST_ID &&
      this.#streams.size < SMUX_STREAMS_MAX;
  }

  /** The peer has named itself as one of ours: its FIN ends one direction only, and it says when a stream is given up. */
  peerIsTungo(): boolean {
    return this.#peerIsTungo;
  }

  /** When something came last, or when it began. */
  heardAt(): Millis {
    return this.#heardAt;
  }

  /** Ends it when the last of its streams has ended. */
  retire(): void {
    this.#retired = true;
    this.#endIfUnused();
  }

  async #receive(): Promise<void> {
    let violation: ProtocolError | undefined;
    const feed = (octets: Uint8Array): void => {
      this.#heardAt = this.#options.clock.now();
      violation ??= this.#reader.push(octets, this.#sink);
    };
    try {
      while (await this.#carrier.read(feed)) {
        if (violation !== undefined) return this.#fail(violation);
        if (this.#budget.left() > 0) continue;
        await this.#budget.whileSpent();
        this.#heardAt = this.#options.clock.now();
      }
      this.#fail(this.#carrierEnd());
    } catch (error) {
      this.#fail(this.#carrierEnd(error));
    }
  }

  readonly #sink: SmuxSink = {
    onSignal: (signal, id) => {
      this.#heard = true;
      switch (signal) {
        case "syn":
          return this.#accept(id);
        case "fin":
          this.#openings.heard(id);
          return this.#streams.get(id)?.receiveFin();
        case "nop":
          return this.#onNop(id);
        case "rst":
          return this.#onReset(id);
        default:
          throw new Error(`Unreachable signal: ${signal satisfies never}`);
      }
    },
    onPayload: (id, octets) => {
      this.#heard = true;
      const stream = this.#streams.get(id);
      this.#openings.heard(id);
      // One that we have closed, or that the peer has never opened: as in GOST nobody is told.
      if (stream === undefined) return;
      this.#budget.spend(stream.receive(octets));
      if (!stream.isOverrun()) return;
      stream.abort(new TruncatedError("The peer sends more than its window"));
    },
    onUpdate: (id, consumed, window) => {
      this.#openings.heard(id);
      this.#streams.get(id)?.receiveUpdate(consumed, window);
    },
  };

  #accept(id: number): void {
    const { onStream } = this.#options;
    if (this.#streams.has(id)) return;
    if (onStream === undefined || !this.isOpen()) {
      this.#link.signal(this.#peerIsTungo ? "rst" : "fin", id);
      return;
    }
    const stream = new SmuxStream(id, this.#link, { opener: false });
    this.#streams.set(id, stream);
    onStream(stream);
  }

  #onNop(id: number): void {
    if (id !== TUNGO || this.#peerIsTungo) return;
    this.#peerIsTungo = true;
    if (this.#options.role === "server") this.#link.signal("nop", TUNGO);
    for (const stream of this.#streams.values()) stream.flushFin();
  }

  #onReset(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.fail(new TruncatedError("The peer has given the stream up"));
    this.#forget(stream);
  }

  #version(): SmuxVersion {
    return this.#reader.version() ?? 1;
  }

  /** Of what is left a stream gets half: so one that nobody reads leaves the others enough, and a fast one has plenty. */
  #window(): number {
    const half = Math.floor(this.#budget.left() / 2);
    return this.#options.streamBuffer ?? Math.max(LEAST_WINDOW, half);
  }

  /** One stream that nobody reads must not hold up the others for ever. */
  #dropWorst(held: Millis): void {
    const [worst] = [...this.#streams.values()]
      .sort((a, b) => b.unread() - a.unread());
    if (this.#streams.size < 2 || !worst?.unread()) return;
    const message = `Nobody has read ${worst.unread()} octets for ${
      held / 1000
    } s, and other streams of the carrier wait for it`;
    worst.abort(new TruncatedError(message));
  }

  #forget(stream: SmuxStream): void {
    this.#streams.delete(stream.id);
    this.#openings.heard(stream.id);
    this.#endIfUnused();
  }

  #endIfUnused(): void {
    if (!this.#retired || this.#streams.size > 0) return;
    this.#fail(new Error("The carrier is not needed any more"));
  }

  #scheduleKeepalive({ interval, timeout }: SmuxKeepalive): void {
    const { clock } = this.#options;
    this.#keepalive = clock.callAt(clock.now() + interval, () => {
      const isReading = !this.#budget.isSpent();
      if (isReading && clock.now() - this.#heardAt >= timeout) {
        const message = `No word from the peer for ${timeout / 1000} s`;
        this.#fail(new TruncatedError(message));
        return;
      }
      const isKnown = this.#reader.version() !== undefined;
      // A carrier that is full keeps itself alive.
      if (isKnown && !this.#output.isFull()) this.#link.signal("nop", 0);
      this.#scheduleKeepalive({ interval, timeout });
    });
  }

  #carrierEnd(cause?: unknown): TruncatedError {
    const version = this.#version();
    const message = this.#heard
      ? "The carrier has ended"
      : `The peer has ended the carrier without a frame: if it does not speak version ${version} of smux, mux.version=${
        3 - version
      } would do`;
    return new TruncatedError(message, { cause });
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { reason };
    this.#keepalive?.[Symbol.dispose]();
    this.#output.stop();
    for (const stream of this.#streams.values()) stream.fail(reason);
    this.#streams.clear();
    this.#budget.stop();
    this.#openings.stop();
    this.#carrier.abort(reason);
    this.#closed.resolve(reason);
  }
}
