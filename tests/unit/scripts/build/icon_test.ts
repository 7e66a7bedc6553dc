import { assertEquals } from "@std/assert";
import { drawIcon } from "../../../../scripts/build/icon.ts";

Deno.test("drawIcon makes one picture of 48 pixels, whose length it tells", () => {
  const icon = drawIcon();
  const view = new DataView(icon.buffer);
  // ICONDIR: reserved, type 1, one picture. ICONDIRENTRY: width, height, 32 bits, length, offset.
  assertEquals([...icon.subarray(0, 8)], [0, 0, 1, 0, 1, 0, 48, 48]);
  assertEquals(view.getUint16(12, true), 32);
  assertEquals(
    view.getUint32(14, true) + view.getUint32(18, true),
    icon.length,
  );
});
