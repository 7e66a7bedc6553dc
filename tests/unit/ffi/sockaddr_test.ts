import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeSockaddr, encodeSockaddr } from "../../../ffi/sockaddr.ts";
import { formatAddress, parseAddress } from "../../../src/wire/address.ts";

const LINUX = { inet6: 10, lengthFirst: false };
const DARWIN = { inet6: 30, lengthFirst: true };
const WINDOWS = { inet6: 23, lengthFirst: false };

Deno.test("encodeSockaddr writes struct sockaddr_in [netinet/in.h]", () => {
  assertEquals(
    [...encodeSockaddr(LINUX, {
      address: Uint8Array.of(192, 0, 2, 1),
      port: 443,
    })],
    [2, 0, 0x01, 0xbb, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

Deno.test("encodeSockaddr writes struct sockaddr_in6 with its scope [netinet/in.h]", () => {
  const address = parseAddress("fe80::1") ?? new Uint8Array();
  assertEquals(
    [...encodeSockaddr(LINUX, { address, port: 80, scope: 0x0102 })],
    [
      ...[10, 0, 0, 80, 0, 0, 0, 0],
      ...[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      ...[2, 1, 0, 0],
    ],
  );
});

Deno.test("encodeSockaddr begins with the length where the system wants it [bsd/netinet/in.h]", () => {
  const address = Uint8Array.of(192, 0, 2, 1);
  assertEquals(
    [...encodeSockaddr(DARWIN, { address, port: 443 })],
    [16, 2, 0x01, 0xbb, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  const ipv6 = parseAddress("2001:db8::1") ?? new Uint8Array();
  const sockaddr = encodeSockaddr(DARWIN, { address: ipv6, port: 443 });
  assertEquals([...sockaddr.subarray(0, 4)], [28, 30, 0x01, 0xbb]);
});

Deno.test("decodeSockaddr(encodeSockaddr(x)) = x", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(fc.property(address, fc.nat(65_535), (address, port) => {
    const host = formatAddress(address);
    for (const form of [LINUX, DARWIN, WINDOWS]) {
      const sockaddr = encodeSockaddr(form, { address, port });
      assertEquals(decodeSockaddr(form, sockaddr), { host, port });
    }
  }));
});
