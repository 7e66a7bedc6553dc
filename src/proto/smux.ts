import { ProtocolError } from "../base/errors.ts";

/** smux, many streams on one carrier: what GOST speaks on mtcp, mtls, mws and mwss. Version 2 has windows; there is no negotiation. */
export type SmuxVersion = 1 | 2;

/**
 * - `syn`: opens a stream, and has no answer
 * - `fin`: ends it
 * - `psh`: octets
 * - `nop`: keeps the carrier alive
 * - `upd`: what the stream's reader has consumed and may be sent; of version 2, in version 1 among ourselves only
 * - `rst`: not of smux: a stream that was given up, said among ourselves only
 */
const COMMANDS = { syn: 0, fin: 1, psh: 2, nop: 3, upd: 4, rst: 5 } as const;

export type SmuxCommand = keyof typeof COMMANDS;

export interface SmuxFrame {
  readonly version: SmuxVersion;
  readonly command: SmuxCommand;
  /** Below 2³²; without meaning for `nop`. */
  readonly stream: number;
  /** Octets of payload behind the header. */
  readonly length: number;
}

/** What has no payload of a stream's: told once the frame is whole. */
export type SmuxSignal = Exclude<SmuxCommand, "psh" | "upd">;

export interface SmuxSink {
  readonly onSignal: (signal: SmuxSignal, stream: number) => void;
  /** Some octets, at least one, of a stream's. Lent until it returns. */
  readonly onPayload: (stream: number, octets: Uint8Array) => void;
  /** `consumed`: octets that the peer has read so far, modulo 2³². `window`: how many more than that it takes. */
  readonly onUpdate: (
    stream: number,
    consumed: number,
    window: number,
  ) => void;
}

export const SMUX_HEADER = 8;
/** Octets of the longest payload. */
export const SMUX_PAYLOAD_MAX = 0xffff;
/** Octets that a version 2 sender may send before it has been told a window. */
export const SMUX_FIRST_WINDOW = 262_144;

/** Of an update. */
const UPDATE = 8;

/** Writes a header at `at`; everything is little-endian. */
export function putSmuxHeader(
  into: Uint8Array,
  at: number,
  { version, command, stream, length }: SmuxFrame,
): void {
  into[at] = version;
  into[at + 1] = COMMANDS[command];
  into[at + 2] = length & 0xff;
  into[at + 3] = length >> 8;
  put32(into, at + 4, stream);
}

/** A frame without payload. */
export function encodeSmuxSignal(
  version: SmuxVersion,
  command: SmuxSignal,
  stream: number,
): Uint8Array {
  const octets = new Uint8Array(SMUX_HEADER);
  putSmuxHeader(octets, 0, { version, command, stream, length: 0 });
  return octets;
}

export interface SmuxUpdate {
  readonly version: SmuxVersion;
  readonly stream: number;
  /** Octets; only the lower 32 bits are sent. */
  readonly consumed: number;
  readonly window: number;
}

export function encodeSmuxUpdate(
  { version, stream, consumed, window }: SmuxUpdate,
): Uint8Array {
  const octets = new Uint8Array(SMUX_HEADER + UPDATE);
  const command = "upd";
  putSmuxHeader(octets, 0, { version, command, stream, length: UPDATE });
  put32(octets, SMUX_HEADER, consumed % 2 ** 32);
  put32(octets, SMUX_HEADER + 4, window);
  return octets;
}

function put32(into: Uint8Array, at: number, value: number): void {
  into[at] = value;
  into[at + 1] = value >>> 8;
  into[at + 2] = value >>> 16;
  into[at + 3] = value >>> 24;
}

function get32(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8) |
    ((octets[at + 2] ?? 0) << 16) | ((octets[at + 3] ?? 0) << 24)) >>> 0;
}

/** Takes frames out of a carrier, however it is cut, and hands payload on as it comes, never waiting for a frame to end. */
export class SmuxReader {
  #version: SmuxVersion | undefined;
  /** A header, and behind it the payload of an update. */
  readonly #head = new Uint8Array(SMUX_HEADER + UPDATE);
  /** Octets in `#head`, and how many there will be as far as they tell. */
  #have = 0;
  #headLength = SMUX_HEADER;
  #stream = 0;
  /** Of the current frame's payload. */
  #remaining = 0;

  /** Without a version it takes the peer's. */
  constructor(version: SmuxVersion | undefined) {
    this.#version = version;
  }

  /** The one that is spoken, as far as it is known. */
  version(): SmuxVersion | undefined {
    return this.#version;
  }

  /** Whether the carrier may end here: no frame has begun. */
  isBetweenFrames(): boolean {
    return this.#have === 0 && this.#remaining === 0;
  }

  /** After an error nothing more can be read. */
  push(octets: Uint8Array, sink: SmuxSink): ProtocolError | undefined {
    for (let at = 0; at < octets.length;) {
      if (this.#remaining > 0) {
        const part = octets.subarray(at, at + this.#remaining);
        this.#remaining -= part.length;
        at += part.length;
        sink.onPayload(this.#stream, part);
        continue;
      }
      this.#head[this.#have++] = octets[at++] ?? 0;
      if (this.#have < this.#headLength) continue;
      const violation = this.#have === SMUX_HEADER
        ? this.#begin(sink)
        : this.#update(sink);
      if (violation !== undefined) return violation;
    }
    return undefined;
  }

  /** A whole header is here. */
  #begin(sink: SmuxSink): ProtocolError | undefined {
    const [version, code = 0, low = 0, high = 0] = this.#head;
    const length = low | (high << 8);
    this.#stream = get32(this.#head, 4);
    if (version !== 1 && version !== 2) {
      return violation(`Expected version 1 or 2, not ${version}`);
    }
    this.#version ??= version;
    if (version !== this.#version) {
      return violation(
        `Expected version ${this.#version}, not ${version}: mux.version=${version} would do`,
      );
    }
    const signal = SIGNALS[code];
    if (signal !== undefined && length === 0) {
      this.#have = 0;
      sink.onSignal(signal, this.#stream);
    } else if (code === COMMANDS.psh) {
      this.#have = 0;
      this.#remaining = length;
    } else if (code === COMMANDS.upd && length === UPDATE) {
      this.#headLength = SMUX_HEADER + UPDATE;
    } else {
      return violation(
        `Expected no command ${code} with ${length} octets in version ${version}`,
      );
    }
    return undefined;
  }

  #update(sink: SmuxSink): undefined {
    this.#have = 0;
    this.#headLength = SMUX_HEADER;
    const consumed = get32(this.#head, SMUX_HEADER);
    sink.onUpdate(this.#stream, consumed, get32(this.#head, SMUX_HEADER + 4));
  }
}

/** By code. */
const SIGNALS: readonly (SmuxSignal | undefined)[] = [
  "syn",
  "fin",
  undefined,
  "nop",
  undefined,
  "rst",
];

function violation(message: string): ProtocolError {
  return new ProtocolError("smux", message);
}
