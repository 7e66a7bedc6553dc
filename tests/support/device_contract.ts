import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../src/device/device.ts";
import { parseAddress } from "../../src/wire/address.ts";
import { createPacketBuffer, HEADROOM } from "../../src/wire/packet_buffer.ts";
import {
  readUdpPacket,
  type UdpEndpoint,
  writeUdpPacket,
} from "./udp_packet.ts";

/** What the packets of these tests go to and fro between. */
export const NEAR: UdpEndpoint = endpoint("10.9.0.2", 7002);
export const FAR: UdpEndpoint = endpoint("10.9.0.1", 7001);

/** A device, and FAR behind it, which sends to NEAR. The device's MTU is 1420, and nothing else sends into it. */
export interface DeviceBench {
  readonly device: Device;
  /** FAR sends one datagram to NEAR, that is into the device. */
  send(payload: Uint8Array): Promise<void>;
  /** The next datagram that FAR has got. */
  received(): Promise<Uint8Array>;
}

export type DeviceTest = (
  title: string,
  test: (bench: DeviceBench) => Promise<void>,
) => void;

/** What every device must do. `test` registers one test that runs on a bench of its own. */
export function testDeviceContract(test: DeviceTest): void {
  testReceiving(test);
  testSending(test);
  testClosing(test);
}

function testReceiving(test: DeviceTest): void {
  test("receive answers false at once when nothing waits", ({ device }) => {
    assertEquals(device.mtu, 1420);
    assertEquals(device.receive(createPacketBuffer()), false);
    return Promise.resolve();
  });

  test("receive reads what was sent, behind the headroom", async (bench) => {
    for (const size of [0, 1, 1392]) {
      await bench.send(octets(size));
      assertEquals(await collect(bench, 1), [octets(size)]);
    }
  });

  test("readable stays true until the packet is taken", async (bench) => {
    const { device } = bench;
    await bench.send(octets(3));
    assertEquals(await device.readable(), true);
    assertEquals(await device.readable(), true);
    assertEquals(device.receive(createPacketBuffer()), true);
    assertEquals(device.receive(createPacketBuffer()), false);
  });

  test("readable resolves when a packet comes later", async (bench) => {
    const { device } = bench;
    const packet = createPacketBuffer();
    for (const size of [10, 11, 12]) {
      const readable = device.readable();
      assertEquals(device.receive(packet), false);
      await bench.send(octets(size));
      assertEquals(await readable, true);
      assertEquals(device.receive(packet), true);
      assertEquals(readUdpPacket(packet)?.payload, octets(size));
    }
  });

  test("packets keep their order", async (bench) => {
    const sizes = Array.from({ length: 40 }, (_, i) => 100 + i);
    for (const size of sizes) await bench.send(octets(size));
    const packets = await collect(bench, sizes.length);
    assertEquals(packets.map((payload) => payload?.length), sizes);
  });
}

function testSending(test: DeviceTest): void {
  test("send delivers a datagram with its checksum", async (bench) => {
    for (const size of [0, 1, 1392]) {
      send(bench.device, octets(size));
      assertEquals(await bench.received(), octets(size));
    }
  });

  test("send takes a packet from anywhere in its buffer", async (bench) => {
    send(bench.device, octets(100), { start: HEADROOM + 4 });
    assertEquals(await bench.received(), octets(100));
  });

  test("send completes a partial checksum", async (bench) => {
    if (!bench.device.offload.checksum) return;
    for (const size of [0, 1, 1392]) {
      send(bench.device, octets(size), { checksum: "partial" });
      assertEquals(await bench.received(), octets(size));
    }
  });

  test("send leaves the packet as it was", ({ device }) => {
    const packet = createPacketBuffer();
    writeUdpPacket(packet, { from: NEAR, to: FAR, payload: octets(50) });
    const before = packet.bytes.slice(HEADROOM);
    assertEquals(device.send(packet), true);
    assertEquals(packet.bytes.slice(HEADROOM), before);
    return Promise.resolve();
  });
}

function testClosing(test: DeviceTest): void {
  test("closing ends a pending readable with false", async ({ device }) => {
    const readable = device.readable();
    await device[Symbol.asyncDispose]();
    assertEquals(await readable, false);
  });

  test("a closed device does nothing, and closes again", async (bench) => {
    const { device } = bench;
    await bench.send(octets(3));
    assertEquals(await device.readable(), true);
    await device[Symbol.asyncDispose]();
    await device[Symbol.asyncDispose]();
    assertEquals(await device.readable(), false);
    const packet = createPacketBuffer();
    assertEquals(device.receive(packet), false);
    writeUdpPacket(packet, { from: NEAR, to: FAR, payload: octets(3) });
    assertEquals(device.send(packet), false);
  });
}

function send(
  device: Device,
  payload: Uint8Array,
  options: { checksum?: "good" | "partial"; start?: number } = {},
): void {
  const packet = createPacketBuffer(70_000);
  writeUdpPacket(packet, { from: NEAR, to: FAR, payload, ...options });
  assertEquals(device.send(packet), true);
}

/** The payloads of the next `count` packets. */
async function collect(
  { device }: DeviceBench,
  count: number,
): Promise<(Uint8Array | undefined)[]> {
  const packet = createPacketBuffer();
  const payloads: (Uint8Array | undefined)[] = [];
  while (payloads.length < count) {
    assertEquals(await device.readable(), true);
    while (device.receive(packet)) {
      assertEquals(packet.start, HEADROOM);
      payloads.push(readUdpPacket(packet)?.payload);
    }
  }
  return payloads;
}

function octets(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + length);
}

function endpoint(host: string, port: number): UdpEndpoint {
  const address = parseAddress(host);
  assert(address);
  return { address, port };
}
