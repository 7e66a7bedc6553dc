import { ProtocolError } from "../base/errors.ts";
import {
  CONTROL_MAX,
  type ControlOpcode,
  FIN,
  LENGTH_16,
  LENGTH_64,
  MASK,
  OPCODES,
} from "./websocket_frame.ts";
import { mask } from "./websocket_mask.ts";

export interface FrameSink {
  /** Some octets, at least one, of a text or binary message. Lent until it returns. */
  readonly onPayload: (octets: Uint8Array) => void;
  /** A whole control frame, `payload` (0 to 125 octets) unmasked. Lent until it returns. */
  readonly onControl: (opcode: ControlOpcode, payload: Uint8Array) => void;
}

const RSV = 0x70;
const OPCODE = 0x0f;
const HEADER_MIN = 2;
const HEADER_MAX = 14;

/**
 * Takes the payload of messages out of a stream, however it is cut, and hands it on as it comes, never waiting for a frame to end.
 * Messages and frames may have any length. Deviation from RFC 6455 §8.1, as in GOST: text need not be UTF-8.
 */
export class FrameReader {
  /** The MASK bit of every frame of this peer. */
  readonly #maskBit: number;
  readonly #header = new Uint8Array(HEADER_MAX);
  /** Octets in `#header`, and how many there will be as far as they tell. */
  #have = 0;
  #headerLength = HEADER_MIN;
  /** Of the payload of the current frame. */
  #remaining = 0;
  #key = 0;
  /** Inside a control frame, which is collected, as a pong or a close repeats it. */
  #control: ControlOpcode | undefined;
  readonly #controlPayload = new Uint8Array(CONTROL_MAX);
  /** The message is to be continued: its latest frame had no FIN. */
  #fragmented = false;
  #closed = false;

  /** `masked`: the peer is a client. RFC 6455 §5.1. */
  constructor(peer: { readonly masked: boolean }) {
    this.#maskBit = peer.masked ? MASK : 0;
  }

  /**
   * Unmasks in place. Ignores what follows a close frame.
   * After an error nothing more can be read; its message is the reason for a close frame with code 1002.
   */
  push(octets: Uint8Array, sink: FrameSink): ProtocolError | undefined {
    for (let at = 0; at < octets.length && !this.#closed;) {
      if (this.#have < this.#headerLength) {
        this.#header[this.#have++] = octets[at++] ?? 0;
        if (this.#have === HEADER_MIN) {
          const violation = this.#begin();
          if (violation !== undefined) return fail(violation);
        }
        if (this.#have < this.#headerLength) continue;
        if (!this.#measure()) return fail("bad length");
      }
      const count = Math.min(this.#remaining, octets.length - at);
      this.#take(octets.subarray(at, at + count), sink);
      at += count;
    }
    return undefined;
  }

  /** Whether the stream may end here: behind a whole message, though maybe without a close frame, which GOST never sends. */
  isBetweenMessages(): boolean {
    return this.#have === 0 && !this.#fragmented;
  }

  /** Judges the first two octets of a header, and names a violation in the words of GOST's server. */
  #begin(): string | undefined {
    const first = this.#header[0] ?? 0;
    const second = this.#header[1] ?? 0;
    const fin = (first & FIN) !== 0;
    const lengthField = second & ~MASK;
    // RSV1 is the second bit of the octet, so 25 zeros of 32 bits are in front of it.
    if ((first & RSV) !== 0) return `RSV${Math.clz32(first & RSV) - 24} set`;
    const opcode = first & OPCODE;
    this.#control = controlOpcode(opcode);
    if (this.#control !== undefined) {
      if (lengthField > CONTROL_MAX) return "len > 125 for control";
      if (!fin) return "FIN not set on control";
    } else if (opcode > OPCODES.binary) {
      return `bad opcode ${opcode}`;
    } else {
      const continued = opcode === OPCODES.continuation;
      if (continued && !this.#fragmented) return "continuation after FIN";
      if (!continued && this.#fragmented) return "data before FIN";
      this.#fragmented = !fin;
    }
    if ((second & MASK) !== this.#maskBit) return "bad MASK";
    this.#headerLength = HEADER_MIN + extendedLength(lengthField) +
      (this.#maskBit === 0 ? 0 : 4);
    return undefined;
  }

  /** Reads length and key of a whole header; false for a length beyond 2^53. RFC 6455 §5.2 has it end at 2^63. */
  #measure(): boolean {
    const header = this.#header;
    const lengthField = (header[1] ?? 0) & ~MASK;
    const keyAt = HEADER_MIN + extendedLength(lengthField);
    this.#remaining = keyAt === HEADER_MIN ? lengthField : 0;
    for (let i = HEADER_MIN; i < keyAt; i++) {
      this.#remaining = this.#remaining * 256 + (header[i] ?? 0);
    }
    this.#key = 0;
    for (let i = keyAt; i < this.#headerLength; i++) {
      this.#key = (this.#key >>> 8) | ((header[i] ?? 0) << 24);
    }
    return Number.isSafeInteger(this.#remaining);
  }

  /** Takes the next octets of the payload: none of an empty frame. */
  #take(part: Uint8Array, sink: FrameSink): void {
    if (this.#key !== 0) this.#key = mask(part, this.#key);
    const control = this.#control;
    const length = (this.#header[1] ?? 0) & ~MASK;
    if (control !== undefined) {
      this.#controlPayload.set(part, length - this.#remaining);
    }
    this.#remaining -= part.length;
    const ended = this.#remaining === 0;
    if (ended) {
      this.#have = 0;
      this.#headerLength = HEADER_MIN;
    }
    if (control === undefined) {
      if (part.length > 0) sink.onPayload(part);
    } else if (ended) {
      this.#closed = control === "close";
      sink.onControl(control, this.#controlPayload.subarray(0, length));
    }
  }
}

/** Octets of length behind the length field. */
function extendedLength(lengthField: number): number {
  if (lengthField === LENGTH_64) return 8;
  return lengthField === LENGTH_16 ? 2 : 0;
}

function controlOpcode(opcode: number): ControlOpcode | undefined {
  switch (opcode) {
    case OPCODES.close:
      return "close";
    case OPCODES.ping:
      return "ping";
    case OPCODES.pong:
      return "pong";
    default:
      return undefined;
  }
}

function fail(message: string): ProtocolError {
  return new ProtocolError("websocket", message);
}
