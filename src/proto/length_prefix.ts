import { assert } from "../base/assert.ts";
import type { DatagramLayout } from "./datagram_reader.ts";

/** Two octets of length, then the payload: datagrams on a relay's CONNECT stream, and DNS over TCP (RFC 1035 §4.2.2). */
export const LENGTH_PREFIX: DatagramLayout = {
  headerMin: 2,
  headerMax: 2,
  headerLength: () => 2,
  payloadLength: (header) => ((header[0] ?? 0) << 8) | (header[1] ?? 0),
};

/** Writes `payload` behind its length at `at`, and returns where it ends. */
export function putLengthPrefixed(
  into: Uint8Array,
  at: number,
  payload: Uint8Array,
): number {
  assert(payload.length <= 0xffff);
  into[at] = payload.length >> 8;
  into[at + 1] = payload.length & 0xff;
  into.set(payload, at + 2);
  return at + 2 + payload.length;
}
