import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError, TruncatedError } from "../base/errors.ts";
import { type ByteStream, READY } from "../flow/stream.ts";
import {
  CLOSE_PROTOCOL_ERROR,
  closeAnswer,
  encodeClose,
  parseClose,
} from "../proto/websocket_close.ts";
import {
  CONTROL_MAX,
  type ControlOpcode,
  createFrameBuffer,
  type FrameBuffer,
  PAYLOAD_AT,
  sealFrame,
} from "../proto/websocket_frame.ts";
import {
  FrameReader,
  type FrameSink,
} from "../proto/websocket_frame_reader.ts";

/** The subprotocol by which two tungos know each other: both mark the ends of their octets with a close frame. */
export const TUNGO_SUBPROTOCOL = "tungo";

/** Octets of the longest message that is sent. GOST's server hands a message on when it is whole; larger ones gain little (measured). */
export const MESSAGE_MAX = 256 * 1024;

/** RFC 6455 §7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;

/**
 * How long a stream that has ended waits for its peer to hang up: as long as a slow one may take for what the system still holds
 * of ours, 4 MiB at 300 kbit/s.
 */
const LINGER: Millis = 120_000;

export interface WebSocketOptions {
  readonly role: "client" | "server";
  /**
   * Between two tungos a close frame is the FIN of its direction, and an end without it a truncation. Otherwise the
   * carrier's own end is an end, as GOST, which sends no close frame, has it.
   */
  readonly marksEnds: boolean;
  readonly clock: Clock;
  /** 32 unpredictable bits for each frame of a client. RFC 6455 §5.3. */
  readonly random: () => number;
  /** `MESSAGE_MAX` octets; used within `write` only, so all streams may share one. */
  readonly frame: FrameBuffer;
  /** Ping after so long without a word, and give up after twice that. */
  readonly keepalive?: Millis;
}

/** A WebSocket connection, its opening handshake done, as a stream of octets; takes `carrier` over. Messages carry no meaning. */
export function websocketStream(
  carrier: ByteStream,
  options: WebSocketOptions,
): ByteStream {
  return new WebSocketStream(carrier, options);
}

class WebSocketStream implements ByteStream {
  readonly #carrier: ByteStream;
  readonly #options: WebSocketOptions;
  readonly #reader: FrameReader;
  readonly #control = createFrameBuffer(CONTROL_MAX);
  readonly #sink: FrameSink = {
    onPayload: (octets) => {
      this.#delivered = true;
      this.#take(octets);
    },
    onControl: (opcode, payload) => this.#onControl(opcode, payload),
  };
  #take: (octets: Uint8Array) => void = () => {};
  #delivered = false;
  #reading = false;
  #violation: ProtocolError | undefined;
  /** How the peer ended: in order, or not. */
  #peerEnd: "in order" | TruncatedError | undefined;
  #finished = false;
  /** The carrier is full, and the last pong in it. */
  #pongWaits = false;
  #nextPong: Uint8Array | undefined;
  /** Something has come since the last tick of the keepalive. */
  #heard = true;
  #keepalive: Disposable | undefined;

  constructor(carrier: ByteStream, options: WebSocketOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.#reader = new FrameReader({ masked: options.role === "server" });
    if (options.keepalive) this.#scheduleKeepalive(options.keepalive);
  }

  async read(take: (octets: Uint8Array) => void): Promise<boolean> {
    this.#take = take;
    this.#delivered = false;
    this.#reading = true;
    while (!this.#delivered) {
      if (this.#peerEnd === "in order") return false;
      if (this.#peerEnd !== undefined) throw this.#peerEnd;
      if (!await this.#carrier.read(this.#feed)) this.#onCarrierEnd();
      if (this.#violation !== undefined) {
        this.#sendClose(CLOSE_PROTOCOL_ERROR, this.#violation.message);
        throw this.#violation;
      }
    }
    this.#reading = false;
    return true;
  }

  write(octets: Uint8Array): Promise<void> {
    const { frame } = this.#options;
    let room = READY;
    for (let at = 0; at < octets.length; at += MESSAGE_MAX) {
      const part = octets.subarray(at, at + MESSAGE_MAX);
      frame.bytes.set(part, PAYLOAD_AT);
      room = this.#carrier.write(
        sealFrame(frame, "binary", part.length, this.#key()),
      );
    }
    return room;
  }

  closeWrite(): Promise<void> {
    if (this.#finished) return READY;
    this.#finished = true;
    if (!this.#options.marksEnds) return this.#carrier.closeWrite();
    return this.#sendClose(CLOSE_NORMAL);
  }

  abort(reason: unknown): void {
    this.#stopKeepalive();
    this.#carrier.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopKeepalive();
    const ended = this.#finished && this.#peerEnd === "in order";
    if (ended && this.#options.marksEnds) this.#linger();
    else await this.#carrier[Symbol.asyncDispose]();
  }

  readonly #feed = (octets: Uint8Array): void => {
    this.#heard = true;
    this.#violation ??= this.#reader.push(octets, this.#sink);
  };

  #onCarrierEnd(): void {
    const whole = this.#reader.isBetweenMessages();
    if (whole && !this.#options.marksEnds) this.#peerEnd = "in order";
    this.#peerEnd ??= new TruncatedError(
      whole
        ? "The WebSocket ended without a close frame"
        : "The WebSocket ended in the middle of a message",
    );
  }

  #onControl(opcode: ControlOpcode, payload: Uint8Array): void {
    if (opcode === "ping") this.#pong(payload);
    if (opcode !== "close") return;
    const close = parseClose(payload);
    const code = close instanceof ProtocolError ? undefined : close.code;
    const orderly = !(close instanceof ProtocolError) &&
      (code === undefined || code === CLOSE_NORMAL ||
        code === CLOSE_GOING_AWAY);
    this.#peerEnd = orderly
      ? "in order"
      : new TruncatedError(`The WebSocket was closed with code ${code}`);
    // RFC 6455 §5.5.1; between two tungos the answer is the end of our own octets.
    if (!this.#options.marksEnds) this.#send("close", closeAnswer(payload));
  }

  /** RFC 6455 §5.5.3: of pings that come faster than their answers leave, the latest is answered. */
  #pong(payload: Uint8Array): void {
    if (this.#pongWaits) {
      this.#nextPong = payload.slice();
      return;
    }
    const room = this.#send("pong", payload);
    if (room === READY) return;
    this.#pongWaits = true;
    room.then(() => {
      this.#pongWaits = false;
      const next = this.#nextPong;
      this.#nextPong = undefined;
      if (next !== undefined) this.#pong(next);
    }, () => {});
  }

  #sendClose(code: number, reason?: string): Promise<void> {
    return this.#send("close", encodeClose(code, reason));
  }

  #send(opcode: ControlOpcode, payload: Uint8Array): Promise<void> {
    this.#control.bytes.set(payload, PAYLOAD_AT);
    return this.#carrier.write(
      sealFrame(this.#control, opcode, payload.length, this.#key()),
    );
  }

  #key(): number | undefined {
    return this.#options.role === "client" ? this.#options.random() : undefined;
  }

  /** Hangs up when the peer does: a reset now could destroy what it has not read yet. */
  #linger(): void {
    const { clock } = this.#options;
    const carrier = this.#carrier;
    const late = new TruncatedError("The peer does not hang up");
    const timer = clock.callAt(clock.now() + LINGER, () => carrier.abort(late));
    const drain = async (): Promise<void> => {
      await carrier.closeWrite();
      while (await carrier.read(() => {}));
    };
    drain().catch((error) => carrier.abort(error)).finally(() => {
      timer[Symbol.dispose]();
      return carrier[Symbol.asyncDispose]();
    });
  }

  #scheduleKeepalive(interval: Millis): void {
    const { clock } = this.#options;
    this.#keepalive = clock.callAt(clock.now() + interval, () => {
      // Who does not read does not hear either.
      if (!this.#heard && this.#reading) {
        const seconds = 2 * interval / 1000;
        this.abort(
          new TruncatedError(`No word from the peer for ${seconds} s`),
        );
        return;
      }
      this.#heard = false;
      this.#send("ping", new Uint8Array());
      this.#scheduleKeepalive(interval);
    });
  }

  #stopKeepalive(): void {
    this.#keepalive?.[Symbol.dispose]();
    this.#keepalive = undefined;
  }
}
