import { assertEquals } from "@std/assert";
import { OctetReader } from "../../../src/proto/octet_reader.ts";
import { hex } from "../../support/octets.ts";

Deno.test("OctetReader reads fields in network order", () => {
  const reader = new OctetReader(hex("ee 01 0203 fffefdfc 0a0b"), 1);
  assertEquals(reader.u8(), 1);
  assertEquals(reader.u16(), 0x0203);
  assertEquals(reader.u32(), 0xfffefdfc);
  assertEquals(reader.rest(), 2);
  assertEquals(reader.take(2), hex("0a0b"));
  assertEquals([reader.rest(), reader.failed()], [0, false]);
});

Deno.test("OctetReader yields nothing from the first field on that does not fit", () => {
  const reader = new OctetReader(hex("010203"));
  assertEquals(reader.u16(), 0x0102);
  assertEquals(reader.take(2), hex(""));
  assertEquals(reader.failed(), true);
  assertEquals([reader.u8(), reader.u16(), reader.u32()], [0, 0, 0]);
  assertEquals(reader.take(0), hex(""));
  assertEquals([reader.rest(), reader.failed()], [0, true]);
});

Deno.test("OctetReader reads nothing at the end without failing", () => {
  const reader = new OctetReader(hex("01"), 1);
  assertEquals(reader.take(0), hex(""));
  assertEquals(reader.failed(), false);
});
