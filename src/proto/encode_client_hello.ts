/** Lengths in octets of what a ClientHello has before its name. RFC 8446 §4.1.2. */
const RANDOM = 32;

/**
 * The record that a client of TLS 1.2 or later begins with, with one cipher suite and no extension but the name; `random` is
 * all zero. It asks nobody for anything: it shows `sniffClientHello` what it would see. `serverName` is ASCII, at most 255 octets.
 */
export function encodeClientHello(serverName: string): Uint8Array {
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
  const message = [1, 0, ...u16(body.length), ...body];
  return Uint8Array.of(22, 3, 1, ...u16(message.length), ...message);
}

function u16(value: number): readonly [number, number] {
  return [value >> 8, value & 0xff];
}
