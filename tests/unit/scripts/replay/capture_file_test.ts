import { assertEquals, assertThrows } from "@std/assert";
import { packetsIn } from "../../../../scripts/replay/capture_file.ts";
import { ConfigError } from "../../../../src/base/errors.ts";
import {
  enhancedPacket,
  interfaceDescription,
  sectionHeader,
} from "../../../../src/device/pcapng.ts";
import { concat, hex } from "../../../support/octets.ts";

const octets = Uint8Array.of(0x45, 1, 2, 3, 4);

Deno.test("packetsIn reads what --pcap writes, and leaves a block out that was cut", () => {
  const file = concat([
    sectionHeader(),
    interfaceDescription("tun0"),
    enhancedPacket({ device: 0, at: 1500.25, octets, direction: "in" }),
    enhancedPacket({
      ...{ device: 0, at: 1501, octets, direction: "out", comment: "via a" },
    }),
  ]);
  const first = {
    ...{ at: 1500.25, octets, direction: "in", comment: undefined },
  };
  const second = {
    ...{ at: 1501, octets, direction: "out", comment: "via a" },
  };
  assertEquals<unknown>(packetsIn(file), [first, second]);
  assertEquals<unknown>(packetsIn(file.subarray(0, -1)), [first]);
});

Deno.test("packetsIn reads pcap of raw IP packets, of either byte order", () => {
  const packet = { octets, direction: undefined, comment: undefined };
  const little = hex(
    "d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000 01000000 f4010000 05000000 05000000 4501020304",
  );
  assertEquals<unknown>(packetsIn(little), [{ ...packet, at: 1000.5 }]);
  const big = hex(
    "a1b23c4d 0002 0004 00000000 00000000 00040000 0000000c 00000001 0007a120 00000005 00000005 4501020304",
  );
  assertEquals<unknown>(packetsIn(big), [{ ...packet, at: 1000.5 }]);
});

Deno.test("packetsIn says why it cannot read a file", () => {
  const ethernet = hex(
    "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000",
  );
  const rows = [
    [
      ethernet,
      "its packets have a link header of type 1: capture on the TUN itself",
    ],
    [new Uint8Array(24), "it is neither pcapng nor pcap"],
    [new Uint8Array(3), "it is too short"],
  ] as const;
  for (const [file, why] of rows) {
    const message = `Cannot read the capture as ${why}`;
    assertThrows(() => packetsIn(file), ConfigError, message);
  }
});
