import { assertEquals } from "@std/assert";
import type { Device } from "../../../src/device/device.ts";
import { type Faults, faulty } from "../../../src/device/faulty.ts";
import { createDevicePair } from "../../../src/device/memory.ts";
import { createPacketBuffer } from "../../../src/wire/packet_buffer.ts";

const NO_FAULTS = { loss: 0, reorder: 0, duplicate: 0, seed: 7 };
const PACKETS = 200;

/** What becomes of packets that are numbered by their length, on their way in and on their way out. */
function passed(faults: Partial<Faults>): readonly [number[], number[]] {
  const [inner, far] = createDevicePair({ mtu: 1420, queueLength: 1000 });
  const device = faulty(inner, { ...NO_FAULTS, ...faults });
  sendAll(far);
  const received = receiveAll(device);
  sendAll(device);
  void device.readable();
  return [received, receiveAll(far)];
}

function sendAll(device: Device): void {
  const packet = createPacketBuffer();
  for (let length = 1; length <= PACKETS; length++) {
    packet.length = length;
    assertEquals(device.send(packet), true);
  }
}

function receiveAll(device: Device): number[] {
  const packet = createPacketBuffer();
  const lengths = [];
  while (device.receive(packet)) lengths.push(packet.length);
  return lengths;
}

const ALL = Array.from({ length: PACKETS }, (_, i) => i + 1);

Deno.test("faulty without faults passes everything in order", () => {
  assertEquals(passed({}), [ALL, ALL]);
});

Deno.test("faulty loses a share of the packets of each direction, the same ones for the same seed", () => {
  const [received, sent] = passed({ loss: 0.2 });
  for (const lengths of [received, sent]) {
    assertEquals(lengths.length > 140 && lengths.length < 180, true);
    assertEquals(lengths.toSorted((a, b) => a - b), lengths);
  }
  assertEquals(passed({ loss: 0.2 }), [received, sent]);
  assertEquals(passed({ loss: 1 }), [[], []]);
});

Deno.test("faulty lets packets come behind the next one, and loses none by it", () => {
  for (const lengths of passed({ reorder: 0.2 })) {
    assertEquals(lengths.toSorted((a, b) => a - b), ALL);
    const late = lengths.filter((length, i) =>
      length > (lengths[i + 1] ?? Infinity)
    );
    assertEquals(late.length > 15 && late.length < 60, true);
  }
});

Deno.test("faulty does not keep the last packet of a burst for ever", () => {
  assertEquals(passed({ reorder: 1 }).map(({ length }) => length), [
    PACKETS,
    PACKETS,
  ]);
});

Deno.test("faulty copies a share of the packets", () => {
  for (const lengths of passed({ duplicate: 0.2 })) {
    const copies = lengths.length - PACKETS;
    assertEquals(copies > 15 && copies < 60, true);
    assertEquals([...new Set(lengths)].toSorted((a, b) => a - b), ALL);
  }
});
