import { sealInitial } from "./quic_initial.ts";

/** Lengths in octets of what a ClientHello has before its name. RFC 8446 §4.1.2. */
const RANDOM = 32;
/** The shortest that a client may begin with. RFC 9000 §7.2. */
const CONNECTION_ID = 8;

/**
 * The record that a client of TLS 1.2 or later begins with, with one cipher suite and no extension but the name; `random` is
 * all zero. It asks nobody for anything: it shows `sniffClientHello` what it would see. `serverName` is ASCII, at most 255 octets.
 */
export function encodeClientHello(serverName: string): Uint8Array {
  const message = encodeHello(serverName);
  return Uint8Array.of(22, 3, 1, ...u16(message.length), ...message);
}

/** The same, as a client of QUIC begins: one Initial packet. */
export function encodeQuicHello(serverName: string): Uint8Array {
  const message = encodeHello(serverName);
  // RFC 9000 §19.6: a CRYPTO frame at offset 0, its length in two octets.
  const length = [0x40 | (message.length >> 8), message.length & 0xff];
  const frame = Uint8Array.of(6, 0, ...length, ...message);
  return sealInitial(frame, new Uint8Array(CONNECTION_ID));
}

/** The handshake message. */
function encodeHello(serverName: string): readonly number[] {
  const name = new TextEncoder().encode(serverName);
  // RFC 6066 §3: a list of one host_name (type 0), in the extension server_name (0).
  const list = [...u16(name.length + 3), 0, ...u16(name.length), ...name];
  const extension = [0, 0, ...u16(list.length), ...list];
  const body = [
    ...[3, 3],
    ...new Uint8Array(RANDOM),
    // No session, TLS_AES_128_GCM_SHA256, no compression.
    ...[0, 0, 2, 0x13, 1, 1, 0],
    ...u16(extension.length),
    ...extension,
  ];
  return [1, 0, ...u16(body.length), ...body];
}

function u16(value: number): readonly [number, number] {
  return [value >> 8, value & 0xff];
}
