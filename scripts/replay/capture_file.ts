import { ConfigError } from "../../src/base/errors.ts";

/** A packet of a capture. */
export interface Captured {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly octets: Uint8Array;
  /** Where the file says which way it went, as seen by the program. */
  readonly direction: "in" | "out" | undefined;
  readonly comment: string | undefined;
}

/** LINKTYPE_RAW, and what BSDs and old systems call so: packets begin with their IP header. */
const RAW = [101, 12, 14, 228, 229];

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPT_COMMENT = 1;
const EPB_FLAGS = 2;

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;

/** The packets of a pcapng file, as `--pcap` writes it, or of a pcap file of raw IP. Throws a ConfigError for another file. */
export function packetsIn(octets: Uint8Array): readonly Captured[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (octets.length < 24) throw unreadable("it is too short");
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === SECTION_HEADER) {
      return readBlocks(view, view.getUint32(8, true) === BYTE_ORDER_MAGIC);
    }
    if (magic === PCAP_MICROSECONDS) return readPcap(view, little, 1e3);
    if (magic === PCAP_NANOSECONDS) return readPcap(view, little, 1e6);
  }
  throw unreadable("it is neither pcapng nor pcap");
}

/** What a file that was cut ends with is left out. */
function readBlocks(view: DataView, little: boolean): Captured[] {
  const packets: Captured[] = [];
  for (let at = 0; at + 12 <= view.byteLength;) {
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0 || at + length > view.byteLength) break;
    const body = new DataView(
      view.buffer,
      view.byteOffset + at + 8,
      length - 12,
    );
    if (type === INTERFACE_DESCRIPTION) checkLink(body.getUint16(0, little));
    if (type === ENHANCED_PACKET && body.byteLength >= 20) {
      packets.push(readEnhancedPacket(body, little));
    }
    at += length;
  }
  return packets;
}

function readEnhancedPacket(body: DataView, little: boolean): Captured {
  const micros = body.getUint32(4, little) * 2 ** 32 +
    body.getUint32(8, little);
  const room = body.byteLength - 20;
  const length = Math.min(room, body.getUint32(12, little));
  const octets = new Uint8Array(body.buffer, body.byteOffset + 20, length);
  let direction: Captured["direction"];
  let comment: string | undefined;
  for (let at = 20 + ((length + 3) & ~3); at + 4 <= body.byteLength;) {
    const code = body.getUint16(at, little);
    const size = body.getUint16(at + 2, little);
    if (at + 4 + size > body.byteLength) break;
    if (code === EPB_FLAGS && size === 4) {
      const bits = body.getUint32(at + 4, little) & 3;
      direction = bits === 1 ? "in" : bits === 2 ? "out" : undefined;
    } else if (code === OPT_COMMENT) {
      const text = new Uint8Array(body.buffer, body.byteOffset + at + 4, size);
      comment = new TextDecoder().decode(text);
    }
    at += 4 + ((size + 3) & ~3);
  }
  return { at: micros / 1000, octets: octets.slice(), direction, comment };
}

function readPcap(
  view: DataView,
  little: boolean,
  perMilli: number,
): Captured[] {
  checkLink(view.getUint32(20, little) & 0xffff);
  const packets: Captured[] = [];
  for (let at = 24; at + 16 <= view.byteLength;) {
    const length = view.getUint32(at + 8, little);
    if (at + 16 + length > view.byteLength) break;
    const millis = view.getUint32(at, little) * 1000 +
      view.getUint32(at + 4, little) / perMilli;
    const start = view.byteOffset + at + 16;
    const octets = new Uint8Array(view.buffer, start, length).slice();
    packets.push({
      ...{ at: millis, octets, direction: undefined, comment: undefined },
    });
    at += 16 + length;
  }
  return packets;
}

function checkLink(type: number): void {
  if (RAW.includes(type)) return;
  throw unreadable(
    `its packets have a link header of type ${type}: capture on the TUN itself`,
  );
}

function unreadable(why: string): ConfigError {
  const at = { file: "replay", line: 0, column: 0 };
  return new ConfigError(`Cannot read the capture as ${why}`, "", at);
}
