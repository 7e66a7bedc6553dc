import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeSockaddr, encodeSockaddr } from "../../../ffi/sockaddr_linux.ts";
import { formatAddress, parseAddress } from "../../../src/wire/address.ts";

Deno.test("encodeSockaddr writes struct sockaddr_in [netinet/in.h]", () => {
  assertEquals(
    [...encodeSockaddr(Uint8Array.of(192, 0, 2, 1), 443)],
    [2, 0, 0x01, 0xbb, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

Deno.test("encodeSockaddr writes struct sockaddr_in6 with its scope [netinet/in.h]", () => {
  const address = parseAddress("fe80::1") ?? new Uint8Array();
  assertEquals([...encodeSockaddr(address, 80, 0x0102)], [
    ...[10, 0, 0, 80, 0, 0, 0, 0],
    ...[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ...[2, 1, 0, 0],
  ]);
});

Deno.test("decodeSockaddr(encodeSockaddr(x)) = x", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(fc.property(address, fc.nat(65_535), (address, port) => {
    const host = formatAddress(address);
    assertEquals(decodeSockaddr(encodeSockaddr(address, port)), { host, port });
  }));
});
