import { assertEquals } from "@std/assert";
import { formatAddress, formatPrefix } from "../../../../src/wire/address.ts";
import { errorsOf, tungoOf } from "../../../support/config.ts";

function file(metadata: string): { readonly yaml: string } {
  return {
    yaml: `services:
- name: a
  handler: {type: tungo}
  listener:
    type: tungo
    metadata: ${metadata}
`,
  };
}

Deno.test("decodeDevice reads addresses with their host bits, and bare ones as hosts [C.2]", () => {
  const { device } = tungoOf(
    file(
      "{tun.name: t%d, tun.mtu: 1500, tun.net: '192.168.123.1/24, fd00::1,10.0.0.1'}",
    ),
  );
  assertEquals(device.name, "t%d");
  assertEquals(device.mtu, 1_500);
  assertEquals(device.addresses.map(formatPrefix), [
    "192.168.123.1/24",
    "fd00::1/128",
    "10.0.0.1/32",
  ]);
});

Deno.test("decodeDevice gives a route its own gateway, or the device's of its family [C.2]", () => {
  const { device } = tungoOf(file(`
      route: 10.1.2.3/8,::/0
      routes: [11.0.0.0/8, 12.0.0.0/8 10.0.0.2, "fd00::/8  fd00::1"]
      gw: 10.0.0.1
      peer: 10.0.0.9`));
  assertEquals(device.gateway && formatAddress(device.gateway), "10.0.0.1");
  assertEquals(device.peer && formatAddress(device.peer), "10.0.0.9");
  assertEquals(
    device.routes.map(({ at, destination, gateway }) => [
      at.line,
      formatPrefix(destination),
      gateway && formatAddress(gateway),
    ]),
    [
      [7, "10.0.0.0/8", "10.0.0.1"],
      [7, "::/0", undefined],
      [8, "11.0.0.0/8", "10.0.0.1"],
      [8, "12.0.0.0/8", "10.0.0.2"],
      [8, "fd00::/8", "fd00::1"],
    ],
  );
});

Deno.test("decodeDevice takes dns from the command line and from lists [A.5, H.2 lists]", () => {
  const expected = ["1.1.1.1", "2606:4700:4700::1111"];
  for (
    const written of [
      { L: ["tungo://:0?dns=1.1.1.1,2606:4700:4700::1111"] },
      { L: ["tungo://:0?listener.dns=1.1.1.1,2606:4700:4700::1111"] },
      file("{dns: [1.1.1.1, '2606:4700:4700::1111']}"),
      file("{tun.dns: '1.1.1.1, 2606:4700:4700::1111'}"),
    ]
  ) {
    const { dns } = tungoOf(written).device;
    assertEquals(dns.map((address) => formatAddress(address)), expected);
  }
});

Deno.test("decodeDevice takes an MTU of 0 or less as GOST's default [C.2]", () => {
  assertEquals(tungoOf(file("{mtu: 0}")).device.mtu, 1_420);
  assertEquals(tungoOf(file("{mtu: -1}")).device.mtu, 1_420);
  assertEquals(tungoOf(file("{mtu: 576}")).device.mtu, 576);
  assertEquals(tungoOf(file("{mtu: 65535}")).device.mtu, 65_535);
});

Deno.test("decodeDevice says what is wrong with each item, where it stands [K20]", () => {
  const rows: [string, string][] = [
    [
      "{mtu: 100}",
      'a.yaml:6:21: Cannot use "100" for mtu as it must be 576 to 65535 (services[0].listener.metadata.mtu)',
    ],
    [
      "{mtu: 65536}",
      'a.yaml:6:21: Cannot use "65536" for mtu as it must be 576 to 65535 (services[0].listener.metadata.mtu)',
    ],
    [
      "{mtu: 1279, net: fd00::1/64}",
      "a.yaml:6:21: Cannot use an MTU of 1279 as IPv6 needs >= 1280 (services[0].listener.metadata.mtu)",
    ],
    [
      "{mtu: 14a}",
      'a.yaml:6:21: Cannot use "14a" for mtu as it takes a whole number (services[0].listener.metadata.mtu)',
    ],
    [
      "{net: [10.0.0.1/8, 10.0.0.1/33]}",
      'a.yaml:6:34: Cannot use "10.0.0.1/33" for net as it must be address/length (services[0].listener.metadata.net)',
    ],
    [
      "{gw: 10.0.0.0/8}",
      'a.yaml:6:20: Cannot use "10.0.0.0/8" for gw as it must be an address (services[0].listener.metadata.gw)',
    ],
    [
      "{tun.peer: x}",
      'a.yaml:6:26: Cannot use "x" for peer as it must be an address (services[0].listener.metadata.tun.peer)',
    ],
    [
      "{dns: 1.1.1.1:53}",
      'a.yaml:6:21: Cannot use "1.1.1.1:53" for dns as it must be an address (services[0].listener.metadata.dns)',
    ],
    [
      "{routes: [10.0.0.0/8 fd00::1]}",
      'a.yaml:6:25: Cannot use "10.0.0.0/8 fd00::1" for routes as it must be prefix [gateway] (services[0].listener.metadata.routes)',
    ],
    [
      "{route: 10.0.0.0/8 10.0.0.1 x}",
      'a.yaml:6:23: Cannot use "10.0.0.0/8 10.0.0.1 x" for route as it must be prefix [gateway] (services[0].listener.metadata.route)',
    ],
    [
      "{name: a/b}",
      'a.yaml:6:22: Cannot use the device name "a/b" as it must have at most 15 octets, without spaces, slashes and colons (services[0].listener.metadata.name)',
    ],
    [
      "{name: sixteenletterslo}",
      'a.yaml:6:22: Cannot use the device name "sixteenletterslo" as it must have at most 15 octets, without spaces, slashes and colons (services[0].listener.metadata.name)',
    ],
    [
      "{name: 'tun:0'}",
      'a.yaml:6:22: Cannot use the device name "tun:0" as it must have at most 15 octets, without spaces, slashes and colons (services[0].listener.metadata.name)',
    ],
    [
      "{name: [a, b]}",
      "a.yaml:6:22: Cannot use a list for name as it takes a text (services[0].listener.metadata.name)",
    ],
    [
      "[mtu]",
      "a.yaml:6:15: Cannot use this: metadata is a mapping (services[0].listener.metadata)",
    ],
  ];
  for (const [metadata, error] of rows) {
    assertEquals(errorsOf(file(metadata)), [error]);
  }
});
