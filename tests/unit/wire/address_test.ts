import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
  prefixContains,
  unmapped,
} from "../../../src/wire/address.ts";

Deno.test("parseAddress reads what RFC 4291 and RFC 5952 write", () => {
  const rows: [string, string][] = [
    ["0.0.0.0", "0.0.0.0"],
    ["192.168.123.1", "192.168.123.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:10.1.2.3", "::ffff:10.1.2.3"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80:0:0:0:0:0:0:1", "fe80::1"],
  ];
  for (const [text, formatted] of rows) {
    const address = parseAddress(text);
    assertEquals(address && formatAddress(address), formatted, text);
  }
});

Deno.test("parseAddress refuses what is not an address", () => {
  const rows = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "1:2",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "1.2.3.4::",
    "::1%eth0",
    "g::",
  ];
  for (const text of rows) assertEquals(parseAddress(text), undefined, text);
});

Deno.test("parseAddress(formatAddress(x)) = x", () => {
  const octets = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
  );
  fc.assert(fc.property(octets, (address) => {
    assertEquals(parseAddress(formatAddress(address)), address);
  }));
});

Deno.test("parsePrefix keeps host bits and reads a bare address as a host", () => {
  const rows: [string, string | undefined][] = [
    ["192.168.123.1/24", "192.168.123.1/24"],
    ["10.0.0.1", "10.0.0.1/32"],
    ["fd12::1/64", "fd12::1/64"],
    ["fd12::1", "fd12::1/128"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["10.0.0.0/33", undefined],
    ["::/129", undefined],
    ["10.0.0.0/", undefined],
    ["10.0.0.0/08", undefined],
    ["example.com/8", undefined],
  ];
  for (const [text, expected] of rows) {
    const prefix = parsePrefix(text);
    assertEquals(prefix && formatPrefix(prefix), expected, text);
  }
});

Deno.test("prefixContains compares the leading bits of one family", () => {
  const rows: [string, string, boolean][] = [
    ["10.0.0.0/8", "10.1.2.3", true],
    ["10.0.0.0/8", "11.1.2.3", false],
    ["192.168.123.1/24", "192.168.123.255", true],
    ["192.168.128.0/17", "192.168.127.255", false],
    ["192.168.128.0/17", "192.168.128.0", true],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::", false],
    ["fd00::/8", "fdff::1", true],
    ["2001:db8::1/128", "2001:db8::2", false],
  ];
  for (const [text, host, expected] of rows) {
    const prefix = parsePrefix(text);
    const address = parseAddress(host);
    assertEquals(
      prefix && address && prefixContains(prefix, address),
      expected,
      `${host} in ${text}`,
    );
  }
});

Deno.test("unmapped takes IPv4 out of IPv6", () => {
  const address = parseAddress("::ffff:10.1.2.3") ?? new Uint8Array();
  assertEquals(formatAddress(unmapped(address)), "10.1.2.3");
});
