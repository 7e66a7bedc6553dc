import { type Address, formatAddress } from "../../src/wire/address.ts";
import { HEADROOM, type PacketBuffer } from "../../src/wire/packet_buffer.ts";

export interface UdpEndpoint {
  readonly address: Address;
  readonly port: number;
}

export interface UdpPacketOptions {
  readonly from: UdpEndpoint;
  readonly to: UdpEndpoint;
  readonly payload: Uint8Array;
  /** "good": the whole sum. "partial": the pseudo-header's, folded and not complemented. */
  readonly checksum?: "good" | "partial";
  /** Where in the buffer it begins. */
  readonly start?: number;
}

const IP = 20;
const UDP = 8;

/** Writes an IPv4 packet with one datagram into `packet`. */
export function writeUdpPacket(
  packet: PacketBuffer,
  { from, to, payload, checksum = "good", start = HEADROOM }: UdpPacketOptions,
): void {
  const { bytes, view } = packet;
  const length = UDP + payload.length;
  bytes.fill(0, start, start + IP + UDP);
  view.setUint8(start, 0x45);
  view.setUint16(start + 2, IP + length);
  view.setUint8(start + 8, 64);
  view.setUint8(start + 9, 17);
  bytes.set(from.address, start + 12);
  bytes.set(to.address, start + 16);
  view.setUint16(start + 10, ~sum(view, start, start + IP, 0));
  view.setUint16(start + IP, from.port);
  view.setUint16(start + IP + 2, to.port);
  view.setUint16(start + IP + 4, length);
  bytes.set(payload, start + IP + UDP);
  const end = checksum === "good" ? start + IP + length : start + IP;
  const total = sum(view, start + 12, end, 17 + length);
  view.setUint16(start + IP + 6, checksum === "good" ? ~total : total);
  packet.start = start;
  packet.length = IP + length;
  packet.checksum = checksum;
  packet.segmentSize = 0;
}

export interface UdpPacket {
  readonly from: string;
  readonly to: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** Undefined unless `packet` is IPv4 with UDP. Throws where its checksum is wrong. */
export function readUdpPacket(packet: PacketBuffer): UdpPacket | undefined {
  const { bytes, view, start, length } = packet;
  if (view.getUint8(start) !== 0x45 || view.getUint8(start + 9) !== 17) return;
  const partial = packet.checksum === "partial";
  const end = partial ? start + IP : start + length;
  const own = partial ? view.getUint16(start + IP + 6) : 0xffff;
  const total = sum(view, start + 12, end, 17 + length - IP);
  if (packet.checksum !== "good" && total !== own) {
    throw new Error(`Wrong UDP checksum: ${total} instead of ${own}`);
  }
  return {
    from: formatAddress(bytes, start + 12, 4),
    to: formatAddress(bytes, start + 16, 4),
    sourcePort: view.getUint16(start + IP),
    destinationPort: view.getUint16(start + IP + 2),
    payload: bytes.slice(start + IP + UDP, start + length),
  };
}

function sum(
  view: DataView,
  from: number,
  to: number,
  initial: number,
): number {
  let total = initial;
  for (let i = from; i + 1 < to; i += 2) total += view.getUint16(i);
  if ((to - from) % 2 === 1) total += view.getUint8(to - 1) << 8;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}
