import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  isUdpSuperPacket,
  readVirtioNetHdr,
  VIRTIO_NET_HDR,
  writeVirtioNetHdr,
} from "../../../ffi/virtio_net_hdr.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../../../src/wire/packet_buffer.ts";

const IPV4 = { version: 0x45, header: 20, protocolAt: 9 };
const IPV6 = { version: 0x60, header: 40, protocolAt: 6 };
const TCP = 6;
const UDP = 17;

function packet(
  ip: typeof IPV4,
  protocol: number,
  fields: Partial<PacketBuffer>,
): PacketBuffer {
  const packet = createPacketBuffer(2000);
  packet.bytes.fill(0xee, 0, HEADROOM);
  packet.bytes[HEADROOM] = ip.version;
  packet.bytes[HEADROOM + ip.protocolAt] = protocol;
  // Data offset 8: a TCP header of 32 octets.
  if (protocol === TCP) packet.bytes[HEADROOM + ip.header + 12] = 0x80;
  packet.length = 1500;
  return Object.assign(packet, fields);
}

Deno.test("writeVirtioNetHdr describes what is left to the kernel [virtio 1.2 §5.1.6.2]", () => {
  const partial = { checksum: "partial" } as const;
  const large = { ...partial, segmentSize: 0x0564 };
  // flags, gso_type, hdr_len, gso_size, csum_start, csum_offset: little-endian
  const rows: [string, PacketBuffer, number[]][] = [
    ["IPv4 TCP", packet(IPV4, TCP, partial), [1, 0, 0, 0, 0, 0, 20, 0, 16, 0]],
    ["IPv4 UDP", packet(IPV4, UDP, partial), [1, 0, 0, 0, 0, 0, 20, 0, 6, 0]],
    ["IPv6 TCP", packet(IPV6, TCP, partial), [1, 0, 0, 0, 0, 0, 40, 0, 16, 0]],
    ["IPv6 UDP", packet(IPV6, UDP, partial), [1, 0, 0, 0, 0, 0, 40, 0, 6, 0]],
    [
      "IPv4 TCP super-packet",
      packet(IPV4, TCP, large),
      [1, 1, 52, 0, 0x64, 5, 20, 0, 16, 0],
    ],
    [
      "IPv6 TCP super-packet",
      packet(IPV6, TCP, large),
      [1, 4, 72, 0, 0x64, 5, 40, 0, 16, 0],
    ],
    [
      "IPv4 UDP super-packet",
      packet(IPV4, UDP, large),
      [1, 5, 28, 0, 0x64, 5, 20, 0, 6, 0],
    ],
    [
      "IPv6 UDP super-packet",
      packet(IPV6, UDP, large),
      [1, 5, 48, 0, 0x64, 5, 40, 0, 6, 0],
    ],
    [
      "a complete checksum",
      packet(IPV4, TCP, { checksum: "good" }),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
  ];
  for (const [what, packet, expected] of rows) {
    writeVirtioNetHdr(packet);
    assertEquals([...packet.bytes.subarray(0, 10)], expected, what);
  }
});

Deno.test("writeVirtioNetHdr counts the options of an IPv4 header", () => {
  const options = { ...IPV4, version: 0x47, header: 28 };
  const built = packet(options, TCP, { checksum: "partial", segmentSize: 9 });
  writeVirtioNetHdr(built);
  assertEquals(
    [...built.bytes.subarray(0, 10)],
    [1, 1, 60, 0, 9, 0, 28, 0, 16, 0],
  );
});

Deno.test("writeVirtioNetHdr writes in front of the packet, wherever that begins", () => {
  const built = packet(IPV4, UDP, { checksum: "partial" });
  built.bytes.copyWithin(HEADROOM + 8, HEADROOM, HEADROOM + 1500);
  built.start = HEADROOM + 8;
  writeVirtioNetHdr(built);
  assertEquals([...built.bytes.subarray(0, 18)], [
    ...[0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee],
    ...[1, 0, 0, 0, 0, 0, 20, 0, 6, 0],
  ]);
});

Deno.test("writeVirtioNetHdr refuses what the kernel could not complete", () => {
  const rows: PacketBuffer[] = [
    packet(IPV4, 47, { checksum: "partial" }),
    packet(IPV4, TCP, { checksum: "good", segmentSize: 1000 }),
    packet(IPV4, TCP, { start: HEADROOM - 1 }),
  ];
  for (const row of rows) assertThrows(() => writeVirtioNetHdr(row), Error);
});

Deno.test("isUdpSuperPacket reads the type that was just written", () => {
  const large = { checksum: "partial", segmentSize: 100 } as const;
  for (const [protocol, expected] of [[UDP, true], [TCP, false]] as const) {
    const built = packet(IPV4, protocol, large);
    writeVirtioNetHdr(built);
    assertEquals(isUdpSuperPacket(built), expected);
  }
});

Deno.test("123 readVirtioNetHdr says what the kernel has left to us, and believes no lengths [virtio 1.2 §5.1.6.4]", () => {
  const rows: [string, number[], PacketBuffer["checksum"], number][] = [
    ["nothing", [0, 0, 0, 0, 0, 0, 0, 0], "unknown", 0],
    ["NEEDS_CSUM", [1, 0, 0, 0, 0, 0, 20, 0], "partial", 0],
    ["DATA_VALID", [2, 0, 0, 0, 0, 0, 0, 0], "good", 0],
    ["TCPV4", [1, 1, 40, 0, 0x64, 5, 20, 0], "partial", 1380],
    ["TCPV4 with ECN", [1, 0x81, 40, 0, 0x64, 5, 20, 0], "partial", 1380],
    ["TCPV6", [1, 4, 60, 0, 0x64, 5, 40, 0], "partial", 1380],
    ["UDP_L4", [1, 5, 28, 0, 0xb0, 4, 20, 0], "partial", 1200],
    ["UFO, one large datagram", [1, 3, 28, 0, 0xb0, 4, 20, 0], "partial", 0],
    ["an unknown type", [1, 0x7f, 0, 0, 0xb0, 4, 20, 0], "partial", 0],
    ["lying lengths", [1, 1, 255, 255, 255, 255, 255, 255], "partial", 65_535],
  ];
  for (const [what, header, checksum, segmentSize] of rows) {
    const packet = createPacketBuffer(100);
    packet.bytes.set(header);
    assertEquals(readVirtioNetHdr(packet, VIRTIO_NET_HDR + 60), true);
    const { start, length } = packet;
    const { checksum: said, segmentSize: size } = packet;
    assertEquals(
      { start, length, said, size },
      { start: HEADROOM, length: 60, said: checksum, size: segmentSize },
      what,
    );
  }
});

Deno.test("readVirtioNetHdr sees no packet where there is only a header", () => {
  for (const octets of [0, 9, VIRTIO_NET_HDR]) {
    assertEquals(readVirtioNetHdr(createPacketBuffer(100), octets), false);
  }
});

Deno.test("readVirtioNetHdr(writeVirtioNetHdr(x)) = x", () => {
  const any = fc.record({
    ip: fc.constantFrom(IPV4, IPV6),
    protocol: fc.constantFrom(TCP, UDP),
    segmentSize: fc.nat({ max: 65_535 }),
    length: fc.integer({ min: 60, max: 2000 }),
  });
  fc.assert(fc.property(any, ({ ip, protocol, segmentSize, length }) => {
    const sent = packet(ip, protocol, {
      checksum: "partial",
      ...{ segmentSize, length },
    });
    writeVirtioNetHdr(sent);
    const got = createPacketBuffer(2000);
    got.bytes.set(sent.bytes);
    assertEquals(readVirtioNetHdr(got, VIRTIO_NET_HDR + length), true);
    assertEquals(got, sent);
  }));
});
