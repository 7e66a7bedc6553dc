import { assertEquals } from "@std/assert";
import {
  enhancedPacket,
  interfaceDescription,
  sectionHeader,
} from "../../../src/device/pcapng.ts";
import { hex } from "../../support/octets.ts";

Deno.test("sectionHeader begins a little-endian file of unknown length [pcapng §4.1]", () => {
  assertEquals(
    sectionHeader(),
    hex("0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000"),
  );
});

Deno.test("interfaceDescription names a device of raw IP packets [pcapng §4.2]", () => {
  assertEquals(
    interfaceDescription("tun0"),
    hex(
      "01000000 20000000 6500 0000 00000000 02000400 74756e30 00000000 20000000",
    ),
  );
});

Deno.test("enhancedPacket holds time, octets, direction and comment [pcapng §4.3]", () => {
  const packet = enhancedPacket({
    device: 1,
    at: 4_294_967.297,
    octets: Uint8Array.of(0x45, 1, 2, 3, 4),
    direction: "out",
    comment: "via a",
  });
  assertEquals(
    packet,
    hex(
      "06000000 40000000 01000000 01000000 01000000 05000000 05000000 4501020304000000 02000400 02000000 01000500 7669612061000000 00000000 40000000",
    ),
  );
});
