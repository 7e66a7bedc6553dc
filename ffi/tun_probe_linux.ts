import {
  createPacketBuffer,
  type PacketBuffer,
} from "../src/wire/packet_buffer.ts";
import { cString, int32, type Libc } from "./libc.ts";
import {
  AF_INET,
  decodeSockaddr,
  encodeSockaddr,
  SOCKADDR_MAX,
} from "./sockaddr.ts";
import {
  LINUX_SOCKADDR,
  SO_BINDTODEVICE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./socket_options_linux.ts";
import { VIRTIO_NET_HDR, writeVirtioNetHdr } from "./virtio_net_hdr.ts";

const TCP = 6;
const UDP = 17;
/** Payload of each of a probe's two segments. */
const SEGMENT = 32;

export interface ProbeOptions {
  /** Of /dev/net/tun; the link is up (before, every write fails with EIO). */
  readonly fd: number;
  readonly name: string;
  readonly libc: Libc;
}

/** Whether the kernel takes TCP super-packets: several releases of 2024 answer EINVAL. Nothing hears the probe: nobody owns port 0. */
export function probeTcpOffload({ fd, libc }: ProbeOptions): boolean {
  return [ipv4Probe(TCP, 0), ipv6TcpProbe()].every((packet) =>
    write(libc, fd, packet)
  );
}

/**
 * Whether a UDP super-packet reaches a socket as the datagrams that it was made of: Linux 7.0 accepts it and mangles them.
 * Goes the way of a DHCP offer, from 0.0.0.0 to 255.255.255.255, which needs no address on the device; the write itself delivers.
 */
export function probeUdpOffload(options: ProbeOptions): boolean {
  const { fd, libc } = options;
  const socket = openSocketOn(options);
  if (socket === undefined) return false;
  const local = new Uint8Array(SOCKADDR_MAX);
  libc.getsockname(socket, local, int32(SOCKADDR_MAX));
  const packet = ipv4Probe(UDP, decodeSockaddr(LINUX_SOCKADDR, local).port);
  const passed = write(libc, fd, packet) && arrivesInTwo(libc, socket, packet);
  libc.close(socket);
  return passed;
}

/** For any datagram that comes in by the device. */
function openSocketOn({ name, libc }: ProbeOptions): number | undefined {
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = libc.socket(AF_INET, type, 0);
  if (fd < 0) return undefined;
  const device = cString(name);
  const any = encodeSockaddr(LINUX_SOCKADDR, {
    address: new Uint8Array(4),
    port: 0,
  });
  const { length } = device;
  if (
    libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, length) === 0 &&
    libc.bind(fd, any, any.length) === 0
  ) return fd;
  libc.close(fd);
  return undefined;
}

function arrivesInTwo(
  libc: Libc,
  socket: number,
  { bytes, start, length }: PacketBuffer,
): boolean {
  const sent = bytes.subarray(start + length - 2 * SEGMENT, start + length);
  const datagram = new Uint8Array(2 * SEGMENT);
  for (const at of [0, SEGMENT]) {
    const octets = libc.recv(socket, datagram, datagram.length, 0);
    if (octets !== SEGMENT) return false;
    for (let i = 0; i < SEGMENT; i++) {
      if (datagram[i] !== sent[at + i]) return false;
    }
  }
  return true;
}

function write(libc: Libc, fd: number, packet: PacketBuffer): boolean {
  writeVirtioNetHdr(packet);
  const octets = VIRTIO_NET_HDR + packet.length;
  return libc.write(fd, packet.bytes, octets) === octets;
}

/** Two segments from 0.0.0.0 to 255.255.255.255 with a TTL of 0, so that no router passes them on. */
function ipv4Probe(protocol: number, port: number): PacketBuffer {
  const packet = superPacket(20, protocol);
  const { view, start, length } = packet;
  view.setUint8(start, 0x45);
  view.setUint16(start + 2, length);
  view.setUint8(start + 9, protocol);
  view.setUint32(start + 16, 0xffffffff);
  view.setUint16(start + 10, ~sum(packet, 0, 20, 0));
  fillTransport(packet, { at: 20, addresses: 12, protocol, port });
  return packet;
}

/** Two segments from ::1 to ::1: dropped behind the check that is being probed, as no device may bring in that address. */
function ipv6TcpProbe(): PacketBuffer {
  const packet = superPacket(40, TCP);
  const { view, start, length } = packet;
  view.setUint8(start, 0x60);
  view.setUint16(start + 4, length - 40);
  view.setUint8(start + 6, TCP);
  view.setUint8(start + 23, 1);
  view.setUint8(start + 39, 1);
  fillTransport(packet, { at: 40, addresses: 8, protocol: TCP, port: 0 });
  return packet;
}

function superPacket(ipHeader: number, protocol: number): PacketBuffer {
  const packet = createPacketBuffer(256);
  packet.length = ipHeader + (protocol === TCP ? 20 : 8) + 2 * SEGMENT;
  packet.checksum = "partial";
  packet.segmentSize = SEGMENT;
  return packet;
}

interface Transport {
  /** Of the TCP or UDP header, and of the IP header's addresses, in the packet. */
  readonly at: number;
  readonly addresses: number;
  readonly protocol: number;
  /** Destination port. */
  readonly port: number;
}

function fillTransport(
  packet: PacketBuffer,
  { at, addresses, protocol, port }: Transport,
): void {
  const { view, bytes, start, length } = packet;
  const header = start + at;
  view.setUint16(header + 2, port);
  const pseudo = sum(packet, addresses, at, protocol + length - at);
  if (protocol === TCP) {
    view.setUint8(header + 12, 5 << 4);
    view.setUint16(header + 16, pseudo);
  } else {
    view.setUint16(header + 4, length - at);
    view.setUint16(header + 6, pseudo);
  }
  for (let i = start + length - 2 * SEGMENT; i < start + length; i++) {
    bytes[i] = i;
  }
}

/** RFC 1071's sum of the octets `[from, to)` of the packet, folded, not complemented. */
function sum(
  { view, start }: PacketBuffer,
  from: number,
  to: number,
  initial: number,
): number {
  let total = initial;
  for (let i = from; i < to; i += 2) total += view.getUint16(start + i);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}
