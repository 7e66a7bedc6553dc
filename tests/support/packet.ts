/**
 * Packets as tests write and read them: built and checked by code of its own, octet by octet, so that a mistake of the
 * stack's wire functions cannot hide itself.
 */
import { assertEquals } from "@std/assert";
import { parseAddress } from "../../src/wire/address.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../../src/wire/packet_buffer.ts";

export interface TcpPacket {
  readonly src: string;
  readonly dst: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Unsigned. */
  readonly seq: number;
  readonly ack: number;
  /** Letters of "SFRPAUEC" in this order. */
  readonly flags: string;
  readonly window: number;
  readonly options: Uint8Array;
  readonly payload: Uint8Array;
}

export interface UdpPacket {
  readonly src: string;
  readonly dst: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** Everything between the IP header and the end, with what the IP header said. */
export interface IpPacket {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** IPv4 only: flags and fragment offset as on the wire, and the identification. */
  readonly fragment: number;
  readonly identification: number;
}

const FLAG_BITS: Readonly<Record<string, number>> = {
  F: 0x01,
  S: 0x02,
  R: 0x04,
  P: 0x08,
  A: 0x10,
  U: 0x20,
  E: 0x40,
  C: 0x80,
};

export function bytes(
  ...parts: (number | readonly number[] | Uint8Array)[]
): Uint8Array {
  let length = 0;
  for (const part of parts) {
    length += typeof part === "number" ? 1 : part.length;
  }
  const octets = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "number") octets[at++] = part;
    else {
      octets.set(part, at);
      at += part.length;
    }
  }
  return octets;
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

/** The sum that RFC 1071 wants in a header whose checksum field is zero. */
export function internetChecksum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < octets.length; i += 2) {
    sum += ((octets[i] ?? 0) << 8) + (octets[i + 1] ?? 0);
  }
  if (octets.length % 2 === 1) sum += (octets.at(-1) ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function address(text: string): Uint8Array {
  const octets = parseAddress(text);
  if (octets === undefined) throw new Error(`Not an address: "${text}"`);
  return octets;
}

function pseudoHeader(
  src: string,
  dst: string,
  protocol: number,
  length: number,
): Uint8Array {
  return bytes(address(src), address(dst), 0, protocol, u32(length));
}

function withChecksum(
  src: string,
  dst: string,
  protocol: number,
  octets: Uint8Array,
  at: number,
): Uint8Array {
  const pseudo = protocol === 1
    ? bytes()
    : pseudoHeader(src, dst, protocol, octets.length);
  const sum = internetChecksum(bytes(pseudo, octets));
  octets.set(u16(sum === 0 && protocol === 17 ? 0xffff : sum), at);
  return octets;
}

/** An IP packet around `payload`. IPv4 without options, or IPv6 without extension headers. */
export function ip(
  { src, dst, protocol, payload }: Pick<
    IpPacket,
    "src" | "dst" | "protocol" | "payload"
  >,
  { fragment = 0, identification = 0 } = {},
): Uint8Array {
  const from = address(src);
  if (from.length === 16) {
    const head = [0x60, 0, 0, 0, ...u16(payload.length), protocol, 64];
    return bytes(head, from, address(dst), payload);
  }
  const header = bytes(
    0x45,
    0,
    u16(20 + payload.length),
    u16(identification),
    u16(fragment),
    64,
    protocol,
    0,
    0,
    from,
    address(dst),
  );
  header.set(u16(internetChecksum(header)), 10);
  return bytes(header, payload);
}

export function tcp(packet: TcpPacket): Uint8Array {
  const { src, dst, options } = packet;
  assertEquals(options.length % 4, 0);
  let flags = 0;
  for (const letter of packet.flags) flags |= FLAG_BITS[letter] ?? 0;
  const octets = bytes(
    u16(packet.sourcePort),
    u16(packet.destinationPort),
    u32(packet.seq),
    u32(packet.ack),
    (5 + options.length / 4) << 4,
    flags,
    u16(packet.window),
    [0, 0, 0, 0],
    options,
    packet.payload,
  );
  const payload = withChecksum(src, dst, 6, octets, 16);
  return ip({ src, dst, protocol: 6, payload });
}

/** The UDP header and its payload, to be put into one packet or several. */
export function udpOctets(packet: UdpPacket): Uint8Array {
  const octets = bytes(
    u16(packet.sourcePort),
    u16(packet.destinationPort),
    u16(8 + packet.payload.length),
    [0, 0],
    packet.payload,
  );
  return withChecksum(packet.src, packet.dst, 17, octets, 6);
}

export function udp(packet: UdpPacket): Uint8Array {
  const { src, dst } = packet;
  return ip({ src, dst, protocol: 17, payload: udpOctets(packet) });
}

export function icmp(
  src: string,
  dst: string,
  message: Uint8Array,
): Uint8Array {
  const protocol = address(src).length === 4 ? 1 : 58;
  const payload = withChecksum(src, dst, protocol, message.slice(), 2);
  return ip({ src, dst, protocol, payload });
}

/** Puts octets into a buffer as a device would. */
export function packetBuffer(
  octets: Uint8Array,
  state: Partial<Pick<PacketBuffer, "checksum" | "segmentSize">> = {},
): PacketBuffer {
  const packet = createPacketBuffer(Math.max(octets.length, 64));
  packet.bytes.set(octets, HEADROOM);
  packet.length = octets.length;
  packet.checksum = state.checksum ?? "unknown";
  packet.segmentSize = state.segmentSize ?? 0;
  return packet;
}

function view(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups = [];
  for (let i = 0; i < 16; i += 2) groups.push(view(octets).getUint16(i));
  return groups.map((group) => group.toString(16)).join(":");
}

/** Reads what the stack emitted, and insists that it is well-formed: lengths, checksums, no octet behind the end. */
export function readIp(packet: PacketBuffer): IpPacket {
  const octets = packet.bytes.slice(
    packet.start,
    packet.start + packet.length,
  );
  const data = view(octets);
  const ipv4 = data.getUint8(0) >> 4 === 4;
  const headerLength = ipv4 ? 20 : 40;
  if (ipv4) {
    assertEquals(data.getUint8(0), 0x45, "no options");
    assertEquals(data.getUint16(2), octets.length, "total length");
    assertEquals(internetChecksum(octets.subarray(0, 20)), 0, "IP checksum");
  } else {
    assertEquals(data.getUint16(4), octets.length - 40, "payload length");
  }
  const protocol = data.getUint8(ipv4 ? 9 : 6);
  const src = octets.subarray(ipv4 ? 12 : 8, ipv4 ? 16 : 24);
  const dst = octets.subarray(ipv4 ? 16 : 24, ipv4 ? 20 : 40);
  const payload = octets.subarray(headerLength);
  const fragment = ipv4 ? data.getUint16(6) : 0;
  const result = {
    src: addressText(src),
    dst: addressText(dst),
    protocol,
    payload,
    fragment,
    identification: ipv4 ? data.getUint16(4) : 0,
  };
  const whole = ipv4 ? (fragment & 0x3fff) === 0 : protocol !== 44;
  if (whole) checkTransport(packet, src, dst, protocol, payload);
  return result;
}

function checkTransport(
  packet: PacketBuffer,
  src: Uint8Array,
  dst: Uint8Array,
  protocol: number,
  payload: Uint8Array,
): void {
  const pseudo = protocol === 1
    ? bytes()
    : bytes(src, dst, 0, protocol, u32(payload.length));
  if (packet.checksum === "partial") {
    const at = protocol === 6 ? 16 : 6;
    const partial = ~internetChecksum(pseudo) & 0xffff;
    assertEquals(view(payload).getUint16(at), partial, "pseudo-header sum");
  } else {
    assertEquals(internetChecksum(bytes(pseudo, payload)), 0, "checksum");
  }
}

export function readTcp(packet: PacketBuffer): TcpPacket {
  const { src, dst, protocol, payload } = readIp(packet);
  assertEquals(protocol, 6, "protocol");
  const data = view(payload);
  const headerLength = (data.getUint8(12) >> 4) * 4;
  const bits = data.getUint8(13);
  return {
    src,
    dst,
    sourcePort: data.getUint16(0),
    destinationPort: data.getUint16(2),
    seq: data.getUint32(4),
    ack: data.getUint32(8),
    flags: [..."SFRPAUEC"].filter((f) => bits & (FLAG_BITS[f] ?? 0)).join(""),
    window: data.getUint16(14),
    options: payload.subarray(20, headerLength),
    payload: payload.subarray(headerLength),
  };
}

export function readUdp(packet: PacketBuffer): UdpPacket {
  const { src, dst, protocol, payload } = readIp(packet);
  assertEquals(protocol, 17, "protocol");
  const data = view(payload);
  assertEquals(data.getUint16(4), payload.length, "UDP length");
  return {
    src,
    dst,
    sourcePort: data.getUint16(0),
    destinationPort: data.getUint16(2),
    payload: payload.subarray(8),
  };
}

/** A copy that outlives the stack's shared buffer. */
export function clonePacket(packet: PacketBuffer): PacketBuffer {
  const octets = packet.bytes.subarray(
    packet.start,
    packet.start + packet.length,
  );
  return packetBuffer(octets, packet);
}
