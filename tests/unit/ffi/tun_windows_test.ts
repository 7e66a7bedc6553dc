import { assertEquals } from "@std/assert";
import { guidStruct } from "../../../ffi/tun_windows.ts";

Deno.test("guidStruct has the first three fields in little endian [guiddef.h]", () => {
  const guid = Uint8Array.from({ length: 16 }, (_, i) => i);
  assertEquals([...guidStruct(guid)], [
    ...[3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15],
  ]);
});
