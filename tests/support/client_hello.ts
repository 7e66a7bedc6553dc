import { ascii, concat, hex } from "./octets.ts";

/** A ClientHello as a handshake message, with `name` as SNI where there is one, and padding. RFC 8446 §4.1.2. */
export function helloMessage(name?: string, padding = 0): Uint8Array {
  const extensions = concat([
    name === undefined ? hex("ff01 0001 00") : serverName(name),
    padding === 0
      ? hex("")
      : concat([hex("0015"), u16(padding), new Uint8Array(padding)]),
  ]);
  const body = concat([
    hex("0303"),
    new Uint8Array(32),
    hex("00 0002 1301 01 00"),
    u16(extensions.length),
    extensions,
  ]);
  return concat([hex("01 00"), u16(body.length), body]);
}

/** The same in one record. */
export function helloRecord(name?: string): Uint8Array {
  const message = helloMessage(name);
  return concat([hex("16 0301"), u16(message.length), message]);
}

function serverName(name: string): Uint8Array {
  const { length } = name;
  return concat([
    hex("0000"),
    u16(length + 5),
    u16(length + 3),
    hex("00"),
    u16(length),
    ascii(name),
  ]);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
