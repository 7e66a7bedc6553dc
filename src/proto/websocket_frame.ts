import { assert } from "../base/assert.ts";
import { maskWords } from "./websocket_mask.ts";

/** RFC 6455 §5.2. */
export const OPCODES = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

export type ControlOpcode = "close" | "ping" | "pong";

export const FIN = 0x80;
export const MASK = 0x80;
/** Values of the length field that announce 16 or 64 bits of length. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;
/** Octets of payload of the longest control frame. RFC 6455 §5.5. */
export const CONTROL_MAX = 125;

/** Where the payload begins in a frame's buffer: behind the longest header (14 octets), and aligned for masking by words. */
export const PAYLOAD_AT = 16;

/** One frame to be sent; reused for all frames of a connection. */
export interface FrameBuffer {
  /** The caller puts the payload at `PAYLOAD_AT`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
}

/** `capacity`: octets of the longest payload. */
export function createFrameBuffer(capacity: number): FrameBuffer {
  const buffer = new ArrayBuffer(PAYLOAD_AT + Math.ceil(capacity / 4) * 4);
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}

/**
 * Masks the `length` octets at `PAYLOAD_AT` in place and puts a header with FIN right in front of them.
 * The frame that it returns lies in the buffer. Without `key` it is a server's; key 0 is legal, and free.
 */
export function sealFrame(
  { bytes, words }: FrameBuffer,
  opcode: "binary" | ControlOpcode,
  length: number,
  key?: number,
): Uint8Array {
  const end = PAYLOAD_AT + length;
  assert(end <= bytes.length);
  let at = PAYLOAD_AT;
  if (key !== undefined) {
    at -= 4;
    words[at >> 2] = key;
    // Up to three octets behind the payload are masked with it.
    if (key !== 0) maskWords(words, PAYLOAD_AT >> 2, (end + 3) >> 2, key);
  }
  at = putLength(bytes, at, length, key === undefined ? 0 : MASK);
  bytes[--at] = FIN | OPCODES[opcode];
  return bytes.subarray(at, end);
}

/** Writes the length so that it ends at `end`, and returns where it begins. */
function putLength(
  bytes: Uint8Array,
  end: number,
  length: number,
  maskBit: number,
): number {
  let at = end;
  if (length < LENGTH_16) {
    bytes[--at] = maskBit | length;
    return at;
  }
  const long = length > 0xffff;
  for (let rest = length, i = long ? 8 : 2; i > 0; i--) {
    bytes[--at] = rest;
    rest = Math.floor(rest / 256);
  }
  bytes[--at] = maskBit | (long ? LENGTH_64 : LENGTH_16);
  return at;
}
