import { assertEquals, assertThrows } from "@std/assert";
import { createDevicePair } from "../../../src/device/memory.ts";
import { createPacketBuffer } from "../../../src/wire/packet_buffer.ts";
import {
  FAR,
  NEAR,
  testDeviceContract,
} from "../../support/device_contract.ts";
import { readUdpPacket, writeUdpPacket } from "../../support/udp_packet.ts";

const OFFLOADS = [
  { tcp: false, udp: false, checksum: false },
  { tcp: true, udp: true, checksum: true },
];

for (const offload of OFFLOADS) {
  const kind = offload.tcp ? "with offload" : "without offload";
  testDeviceContract((title, test) =>
    Deno.test(`memory ${kind}: ${title}`, async () => {
      const [device, far] = createDevicePair({ mtu: 1420, offload });
      const packet = createPacketBuffer();
      await test({
        device,
        send(payload) {
          writeUdpPacket(packet, { from: FAR, to: NEAR, payload });
          assertEquals(far.send(packet), true);
          return Promise.resolve();
        },
        received() {
          assertEquals(far.receive(packet), true);
          return Promise.resolve(
            readUdpPacket(packet)?.payload ?? new Uint8Array(),
          );
        },
      });
    })
  );
}

Deno.test("memory loses what its queue cannot hold", () => {
  const [device, far] = createDevicePair({ mtu: 1420, queueLength: 2 });
  const packet = createPacketBuffer();
  const sent = [1, 2, 3].map((size) => {
    const payload = new Uint8Array(size);
    writeUdpPacket(packet, { from: FAR, to: NEAR, payload });
    return far.send(packet);
  });
  const lengths: number[] = [];
  while (device.receive(packet)) lengths.push(packet.length);

  assertEquals(sent, [true, true, false]);
  assertEquals(lengths, [29, 30]);
});

Deno.test("memory passes super-packets on as they are", () => {
  const [device, far] = createDevicePair({
    mtu: 1420,
    offload: { tcp: true, udp: true, checksum: true },
  });
  const packet = createPacketBuffer();
  const payload = new Uint8Array(60_000);
  writeUdpPacket(packet, { from: FAR, to: NEAR, payload, checksum: "partial" });
  packet.segmentSize = 1200;
  far.send(packet);
  const { checksum, segmentSize, length } = received();

  assertEquals({ checksum, segmentSize, length }, {
    checksum: "partial",
    segmentSize: 1200,
    length: 60_028,
  });

  function received(): typeof packet {
    const into = createPacketBuffer();
    assertEquals(device.receive(into), true);
    return into;
  }
});

Deno.test("memory without offload takes neither super-packets nor partial checksums", () => {
  const [device] = createDevicePair({ mtu: 1420 });
  const packet = createPacketBuffer();
  const payload = new Uint8Array(100);
  writeUdpPacket(packet, { from: NEAR, to: FAR, payload });
  packet.segmentSize = 50;
  assertThrows(() => device.send(packet), Error, "super-packet");
  packet.segmentSize = 0;
  packet.checksum = "partial";
  assertThrows(() => device.send(packet), Error, "checksum");
});

Deno.test("memory loses what is sent to a closed end", async () => {
  const [device, far] = createDevicePair({ mtu: 1420 });
  await far[Symbol.asyncDispose]();
  const packet = createPacketBuffer();
  const payload = new Uint8Array(1);
  writeUdpPacket(packet, { from: NEAR, to: FAR, payload });

  assertEquals(device.send(packet), false);
});
