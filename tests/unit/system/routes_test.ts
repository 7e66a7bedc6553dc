import { assert, assertEquals } from "@std/assert";
import {
  findDefaults,
  findEgress,
  leaksIpv6,
  type RouteEntry,
} from "../../../src/system/routes.ts";
import {
  formatPrefix,
  parseAddress,
  parsePrefix,
} from "../../../src/wire/address.ts";

const IPV4 = [
  "0.0.0.0/0 via 10.8.0.1 wlan0 600",
  "0.0.0.0/0 via 192.168.1.1 eth0 100",
  "192.168.1.0/24 eth0 100",
  "203.0.113.7/32 via 192.168.1.2 eth0 0",
].map(route);

const IPV6 = [
  "2001:db8:1::/64 eth0 256",
  "::/0 via fe80::1 eth0 1024",
  "ff00::/8 eth0 256",
].map(route);

Deno.test("findEgress takes the longest prefix, then the lowest metric", () => {
  const rows: [string, string | undefined, string | undefined][] = [
    ["198.51.100.1", undefined, "0.0.0.0/0 via 192.168.1.1 eth0 100"],
    ["198.51.100.1", "eth0", "0.0.0.0/0 via 10.8.0.1 wlan0 600"],
    ["192.168.1.77", undefined, "192.168.1.0/24 eth0 100"],
    ["203.0.113.7", undefined, "203.0.113.7/32 via 192.168.1.2 eth0 0"],
    ["203.0.113.7", "eth0", "0.0.0.0/0 via 10.8.0.1 wlan0 600"],
  ];
  for (const [to, except, expected] of rows) {
    const found = findEgress(IPV4, address(to), except);
    assertEquals(found && row(found), expected, `${to} except ${except}`);
  }
  const ipv6 = findEgress(IPV6, address("2001:db8::1"));
  assertEquals(ipv6 && row(ipv6), "::/0 via fe80::1 eth0 1024");
  assertEquals(findEgress([], address("192.0.2.1")), undefined);
});

Deno.test("findDefaults knows a default route, and the halves that stand for it", () => {
  const routes = IPV4;
  const half = route("0.0.0.0/1 tungo");
  const otherHalf = route("128.0.0.0/1 tungo");
  const rows: [RouteEntry[], string | undefined, string[]][] = [
    [routes, undefined, ["0.0.0.0/0 via 192.168.1.1 eth0 100"]],
    [routes, "eth0", ["0.0.0.0/0 via 10.8.0.1 wlan0 600"]],
    [[...routes, half, otherHalf], undefined, [
      "0.0.0.0/1 tungo 0",
      "128.0.0.0/1 tungo 0",
    ]],
    [[...routes, half], undefined, [
      "0.0.0.0/1 tungo 0",
      "0.0.0.0/0 via 192.168.1.1 eth0 100",
    ]],
    [[half, otherHalf], "tungo", []],
    [[half], undefined, ["0.0.0.0/1 tungo 0"]],
    [[route("10.0.0.0/8 eth0")], undefined, []],
    [[], undefined, []],
  ];
  for (const [routes, except, expected] of rows) {
    assertEquals(findDefaults(routes, except).map(row), expected);
  }
});

Deno.test("leaksIpv6 tells when IPv6 goes past a device that has all of IPv4", () => {
  const into4 = [route("0.0.0.0/0 eth0"), ...halves("0.0.0.0", "128.0.0.0")];
  const past6 = [route("::/0 eth0")];
  const rows: [string, RouteEntry[], RouteEntry[], boolean][] = [
    ["IPv6 past it", into4, past6, true],
    ["both into it", into4, [...past6, ...halves("::", "8000::")], false],
    ["half of IPv6", into4, [...past6, route("::/1 tungo")], true],
    ["no IPv6", into4, [], false],
    ["no IPv6 but here", into4, [route("fe80::/64 eth0")], false],
    ["IPv4 past it", [route("0.0.0.0/0 eth0")], past6, false],
    ["half of IPv4", [route("0.0.0.0/1 tungo")], past6, true],
    ["some of IPv4", [route("10.0.0.0/8 tungo")], past6, false],
    ["no routes", [], [], false],
  ];
  for (const [what, ipv4, ipv6, expected] of rows) {
    assertEquals(leaksIpv6({ ipv4, ipv6 }, "tungo"), expected, what);
  }
});

/** "0.0.0.0/0 via 192.168.1.1 eth0 100"; without a number the metric is 0. */
function route(text: string): RouteEntry {
  const [, prefix = "", gateway, name = "", metric = "0"] =
    /^(\S+)(?: via (\S+))? (\S+)(?: (\d+))?$/.exec(text) ?? [];
  const parsed = parsePrefix(prefix);
  assert(parsed, text);
  return {
    prefix: parsed,
    ...(gateway === undefined ? {} : { gateway }),
    interface: name,
    metric: Number(metric),
  };
}

function row({ prefix, gateway, ...rest }: RouteEntry): string {
  const via = gateway === undefined ? "" : ` via ${gateway}`;
  return `${formatPrefix(prefix)}${via} ${rest.interface} ${rest.metric}`;
}

function address(text: string): Uint8Array {
  const address = parseAddress(text);
  assert(address, text);
  return address;
}

function halves(low: string, high: string): RouteEntry[] {
  return [route(`${low}/1 tungo`), route(`${high}/1 tungo`)];
}
