import { assertEquals } from "@std/assert";
import { Capture } from "../../../src/device/capture.ts";
import { createDevicePair } from "../../../src/device/memory.ts";
import {
  enhancedPacket,
  interfaceDescription,
  sectionHeader,
} from "../../../src/device/pcapng.ts";
import { createPacketBuffer } from "../../../src/wire/packet_buffer.ts";

Deno.test("Capture writes what a device receives and what it has sent, a comment beside the next packet", () => {
  const [device, far] = createDevicePair({ mtu: 1420 });
  const blocks: Uint8Array[] = [];
  const capture = new Capture({
    write: (octets) => blocks.push(octets),
    now: () => 5,
    onFailure: () => {},
  });
  const captured = capture.of(device);
  const packet = createPacketBuffer();
  packet.length = 3;
  packet.bytes.set([1, 2, 3], packet.start);
  far.send(packet);
  captured.receive(packet);
  captured.receive(packet);
  capture.comment("direct");
  captured.send(packet);

  const octets = Uint8Array.of(1, 2, 3);
  assertEquals(blocks, [
    sectionHeader(),
    interfaceDescription("memory0"),
    enhancedPacket({ device: 0, at: 5, octets, direction: "in" }),
    enhancedPacket({
      ...{ device: 0, at: 5, octets, direction: "out", comment: "direct" },
    }),
  ]);
});

Deno.test("Capture ends, and says so once, when its file cannot be written any more", () => {
  const [device] = createDevicePair({ mtu: 1420 });
  const failures: unknown[] = [];
  const full = new Error("No space left on device");
  const capture = new Capture({
    write: (octets) => {
      if (octets[0] === 6) throw full;
    },
    now: () => 5,
    onFailure: (error) => failures.push(error),
  });
  const captured = capture.of(device);
  const packet = createPacketBuffer();
  assertEquals([captured.send(packet), captured.send(packet)], [true, true]);
  assertEquals(failures, [full]);
});
