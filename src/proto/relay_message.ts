import { ProtocolError } from "../base/errors.ts";
import type { Progress } from "./message_reader.ts";

const VERSION = 1;
const HEADER_LENGTH = 4;

/** Octets of the longest request or response. */
export const RELAY_MESSAGE_MAX = HEADER_LENGTH + 0xffff;

/** What requests and responses of GOST's relay protocol have in common: VER, an octet of their own, and features behind their length. */
export interface RelayMessage {
  /** CMD with its flags in a request, STATUS in a response. */
  readonly code: number;
  /** At most 65 535 octets. */
  readonly features: Uint8Array;
}

export function encodeRelayMessage(
  { code, features }: RelayMessage,
): Uint8Array {
  const { length } = features;
  return Uint8Array.of(VERSION, code, length >> 8, length & 0xff, ...features);
}

/** `features` of the result lies within `octets`. */
export function parseRelayMessage(octets: Uint8Array): Progress<RelayMessage> {
  const [version = VERSION, code, high, low] = octets;
  if (version !== VERSION) {
    return new ProtocolError("relay", `Expected version 1, got ${version}`);
  }
  if (code === undefined || high === undefined || low === undefined) {
    return "more";
  }
  const length = HEADER_LENGTH + ((high << 8) | low);
  if (octets.length < length) return "more";
  const features = octets.subarray(HEADER_LENGTH, length);
  return { value: { code, features }, length };
}
