import { assertEquals } from "@std/assert";
import {
  type Binding,
  isLinkLocalIpv6,
  resolveBinding,
} from "../../../ffi/binding.ts";
import { parseAddress } from "../../../src/wire/address.ts";

const INTERFACES = [
  { name: "lo", address: "127.0.0.1" },
  { name: "eth0", address: "192.0.2.10" },
  { name: "eth0:1", address: "192.0.2.11" },
  { name: "eth0", address: "2001:db8:0:0:0:0:0:a" },
  { name: "eth0", address: "fe80::a" },
];

function address(text: string): Uint8Array {
  return parseAddress(text) ?? new Uint8Array();
}

Deno.test("resolveBinding finds device and source for a name, an alias or an address", () => {
  const rows: [string, string, Binding | string | undefined][] = [
    ["eth9", "198.51.100.1", { device: "eth9" }],
    ["eth0", "2001:db8::1", { device: "eth0" }],
    [
      "192.0.2.10",
      "198.51.100.1",
      { device: "eth0", source: address("192.0.2.10") },
    ],
    [
      "2001:db8::a",
      "2001:db8::1",
      { device: "eth0", source: address("2001:db8::a") },
    ],
    [
      "192.0.2.11",
      "198.51.100.1",
      { device: "eth0", source: address("192.0.2.11") },
    ],
    [
      "eth0:1",
      "198.51.100.1",
      { device: "eth0", source: address("192.0.2.11") },
    ],
    ["192.0.2.12", "198.51.100.1", 'no interface has the address "192.0.2.12"'],
    [
      "192.0.2.10",
      "2001:db8::1",
      '"192.0.2.10" is of the other address family',
    ],
    ["eth0:1", "2001:db8::1", 'no interface has the alias "eth0:1"'],
    ["eth0:2", "198.51.100.1", 'no interface has the alias "eth0:2"'],
  ];
  for (const [wanted, destination, expected] of rows) {
    assertEquals(
      resolveBinding(wanted, address(destination), () => INTERFACES),
      expected,
      `${wanted} to ${destination}`,
    );
  }
});

Deno.test("resolveBinding binds nothing towards this machine itself [RFC 1122 §3.2.1.3]", () => {
  for (const destination of ["127.0.0.1", "127.0.0.53", "::1"]) {
    for (const wanted of ["eth0", "192.0.2.10", "192.0.2.99"]) {
      assertEquals(
        resolveBinding(wanted, address(destination), () => INTERFACES),
        undefined,
      );
    }
  }
});

Deno.test("isLinkLocalIpv6 knows fe80::/10 [RFC 4291 §2.5.6]", () => {
  const rows: [string, boolean][] = [
    ["fe80::1", true],
    ["febf::1", true],
    ["fec0::1", false],
    ["fe00::1", false],
    ["169.254.0.1", false],
  ];
  for (const [text, expected] of rows) {
    assertEquals(isLinkLocalIpv6(address(text)), expected, text);
  }
});
