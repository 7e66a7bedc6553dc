/** What the far side of a device takes and gives beyond one packet per MTU. Probed with real octets when it is opened. */
export interface Offload {
  /** TCP super-packets, both ways (TSO). */
  readonly tcp: boolean;
  /** UDP super-packets towards the device (USO). */
  readonly udp: boolean;
  /** Transport checksums may be left to the other side. */
  readonly checksum: boolean;
}

/**
 * A reusable buffer, the view that reads it, and what the kernel said of the packet in it. Allocated once, never per packet.
 * The packet lies in `bytes[start, start + length)`; the octets before `start` are headroom (virtio_net_hdr, utun's 4 octets).
 */
export interface PacketBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  start: number;
  length: number;
  /** "good": the kernel vouches for it. "partial": only the pseudo-header sum is in place. "unknown": verify it. */
  checksum: "good" | "partial" | "unknown";
  /** Payload octets per segment of a super-packet (TSO, USO), 0 for an ordinary packet. */
  segmentSize: number;
}

/** Octets before the packet that every device may use for its own header; keeps the IP header aligned to 4. */
export const HEADROOM = 16;

/** An IPv6 packet with the largest payload length; IPv4's largest is 40 octets less. */
export const MAX_PACKET = 40 + 65_535;

/** `capacity` is the longest packet it can hold, in octets. */
export function createPacketBuffer(
  capacity: number = MAX_PACKET,
): PacketBuffer {
  const bytes = new Uint8Array(HEADROOM + capacity);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    start: HEADROOM,
    length: 0,
    checksum: "unknown",
    segmentSize: 0,
  };
}

/** Makes `to` hold the packet that `from` holds, and what is known of it. */
export function copyPacket(from: PacketBuffer, to: PacketBuffer): void {
  const { bytes, start, length, checksum, segmentSize } = from;
  to.bytes.set(bytes.subarray(start, start + length), HEADROOM);
  to.start = HEADROOM;
  to.length = length;
  to.checksum = checksum;
  to.segmentSize = segmentSize;
}
