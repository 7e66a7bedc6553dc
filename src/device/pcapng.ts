/** The blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, one function for each kind that we write. */

/** LINKTYPE_RAW: packets begin with their IP header. */
const RAW = 101;

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

const OPT_END = 0;
const OPT_COMMENT = 1;
const IF_NAME = 2;
const EPB_FLAGS = 2;

/** Which way a packet went, as seen by the program. */
export type Direction = "in" | "out";

export interface CapturedPacket {
  /** Index of the interface, in the order of their descriptions. */
  readonly device: number;
  /** Milliseconds since 1970; microseconds are kept. */
  readonly at: number;
  readonly octets: Uint8Array;
  readonly direction: Direction;
  readonly comment?: string | undefined;
}

/** What a file begins with. */
export function sectionHeader(): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  // The length of the section is not known.
  view.setBigInt64(8, -1n, true);
  return block(SECTION_HEADER, [body]);
}

export function interfaceDescription(name: string): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, RAW, true);
  return block(INTERFACE_DESCRIPTION, [body, textOption(IF_NAME, name), end()]);
}

export function enhancedPacket(
  packet: CapturedPacket,
): Uint8Array<ArrayBuffer> {
  const { device, at, octets, direction, comment } = packet;
  const head = new Uint8Array(20);
  const view = new DataView(head.buffer);
  const micros = BigInt(Math.round(at * 1000));
  view.setUint32(0, device, true);
  view.setUint32(4, Number(micros >> 32n), true);
  view.setUint32(8, Number(micros & 0xffff_ffffn), true);
  view.setUint32(12, octets.length, true);
  view.setUint32(16, octets.length, true);
  const flags = new Uint8Array([direction === "in" ? 1 : 2, 0, 0, 0]);
  const options = [option(EPB_FLAGS, flags)];
  if (comment !== undefined) options.push(textOption(OPT_COMMENT, comment));
  return block(ENHANCED_PACKET, [head, padded(octets), ...options, end()]);
}

function block(
  type: number,
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 12);
  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let at = 8;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  view.setUint32(at, length, true);
  return octets;
}

function textOption(code: number, text: string): Uint8Array {
  return option(code, new TextEncoder().encode(text));
}

function option(code: number, value: Uint8Array): Uint8Array {
  const body = padded(value);
  const octets = new Uint8Array(4 + body.length);
  const view = new DataView(octets.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  octets.set(body, 4);
  return octets;
}

function end(): Uint8Array {
  return option(OPT_END, new Uint8Array(0));
}

function padded(octets: Uint8Array): Uint8Array {
  if (octets.length % 4 === 0) return octets;
  const whole = new Uint8Array((octets.length + 3) & ~3);
  whole.set(octets);
  return whole;
}
