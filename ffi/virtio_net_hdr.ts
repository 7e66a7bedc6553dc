import { assert } from "../src/base/assert.ts";
import { HEADROOM, type PacketBuffer } from "../src/wire/packet_buffer.ts";

/**
 * Octets of `struct virtio_net_hdr` (linux/virtio_net.h) with what pads it: the kernel lets us choose any size from 10 upwards
 * (TUNSETVNETHDRSZ). As large as the headroom it begins where the buffer begins, so that a read and a write take the buffer as it
 * is: no view (25 ns and its garbage) and no pointer (60 ns) per packet.
 */
export const VIRTIO_NET_HDR = HEADROOM;

const FLAGS = 0;
const GSO_TYPE = 1;
const HDR_LEN = 2;
const GSO_SIZE = 4;
const CSUM_START = 6;
const CSUM_OFFSET = 8;

const F_NEEDS_CSUM = 1;
const F_DATA_VALID = 2;

const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const GSO_UDP_L4 = 5;
/** ORed to the type where the first segment carries CWR. */
const GSO_ECN = 0x80;

const TCP = 6;
const UDP = 17;
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;
const TCP_DATA_OFFSET = 12;
const UDP_HEADER = 8;
const IPV4_PROTOCOL = 9;
const IPV6_NEXT_HEADER = 6;
const IPV6_HEADER = 40;

/**
 * Fills in what the kernel said of the packet that a read of `octets` has put into `packet.bytes`, header first.
 * False when there is no packet behind the header. `hdr_len` and `csum_start` are not looked at: on forwarded traffic they lie.
 */
export function readVirtioNetHdr(
  packet: PacketBuffer,
  octets: number,
): boolean {
  if (octets <= VIRTIO_NET_HDR) return false;
  const { view } = packet;
  const flags = view.getUint8(FLAGS);
  const type = view.getUint8(GSO_TYPE) & ~GSO_ECN;
  const segmented = type === GSO_TCPV4 || type === GSO_TCPV6 ||
    type === GSO_UDP_L4;
  packet.start = VIRTIO_NET_HDR;
  packet.length = octets - VIRTIO_NET_HDR;
  packet.checksum = (flags & F_NEEDS_CSUM) !== 0
    ? "partial"
    : (flags & F_DATA_VALID) !== 0
    ? "good"
    : "unknown";
  packet.segmentSize = segmented ? view.getUint16(GSO_SIZE, true) : 0;
  return true;
}

/**
 * Writes the header in front of the packet. A packet with a partial checksum is TCP or UDP, directly behind the IP header; a
 * super-packet's checksum is always partial, as the kernel wants it for UDP.
 */
export function writeVirtioNetHdr(packet: PacketBuffer): void {
  const { view, start, segmentSize } = packet;
  const at = start - VIRTIO_NET_HDR;
  assert(at >= 0, "packet without headroom");
  view.setUint32(at + FLAGS, 0);
  view.setUint32(at + GSO_SIZE, 0);
  view.setUint16(at + CSUM_OFFSET, 0);
  if (packet.checksum !== "partial") {
    assert(segmentSize === 0, "super-packet without partial checksum");
    return;
  }
  const ipv4 = view.getUint8(start) >>> 4 === 4;
  const headerLength = ipv4 ? (view.getUint8(start) & 0xf) * 4 : IPV6_HEADER;
  const protocol = view.getUint8(
    start + (ipv4 ? IPV4_PROTOCOL : IPV6_NEXT_HEADER),
  );
  const tcp = protocol === TCP;
  assert(tcp || protocol === UDP, "partial checksum of an unknown protocol");
  view.setUint8(at + FLAGS, F_NEEDS_CSUM);
  view.setUint16(at + CSUM_START, headerLength, true);
  view.setUint16(at + CSUM_OFFSET, tcp ? TCP_CHECKSUM : UDP_CHECKSUM, true);
  if (segmentSize === 0) return;
  const transport = start + headerLength;
  const transportHeader = tcp
    ? (view.getUint8(transport + TCP_DATA_OFFSET) >>> 4) * 4
    : UDP_HEADER;
  const type = !tcp ? GSO_UDP_L4 : ipv4 ? GSO_TCPV4 : GSO_TCPV6;
  view.setUint8(at + GSO_TYPE, type);
  view.setUint16(at + HDR_LEN, headerLength + transportHeader, true);
  view.setUint16(at + GSO_SIZE, segmentSize, true);
}

/** Whether the header in front of `packet`, just written, announces a UDP super-packet. */
export function isUdpSuperPacket({ view, start }: PacketBuffer): boolean {
  return view.getUint8(start - VIRTIO_NET_HDR + GSO_TYPE) === GSO_UDP_L4;
}
