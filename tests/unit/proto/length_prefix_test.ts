import { assertEquals, assertThrows } from "@std/assert";
import { putLengthPrefixed } from "../../../src/proto/length_prefix.ts";
import { ascii, hex } from "../../support/octets.ts";

Deno.test("putLengthPrefixed puts the length of a datagram in front of it", () => {
  const into = new Uint8Array(12).fill(0xee);
  assertEquals(putLengthPrefixed(into, 1, ascii("hello")), 8);
  assertEquals(putLengthPrefixed(into, 8, hex("")), 10);
  assertEquals(into, hex("ee 0005 68656c6c6f 0000 eeee"));
});

Deno.test("putLengthPrefixed takes 65 535 octets and not one more", () => {
  const into = new Uint8Array(0x10010);
  assertEquals(putLengthPrefixed(into, 0, new Uint8Array(0xffff)), 0x10001);
  assertEquals(into.subarray(0, 2), hex("ffff"));
  assertThrows(
    () => putLengthPrefixed(into, 0, new Uint8Array(0x10000)),
    Error,
    "assertion failed",
  );
});
