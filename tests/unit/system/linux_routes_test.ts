import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  findDefaults,
  findEgress,
  leaksIpv6,
  parseIpv4Routes,
  parseIpv6Routes,
  type RouteEntry,
} from "../../../src/system/linux_routes.ts";
import { formatPrefix, parseAddress } from "../../../src/wire/address.ts";

const HEADER =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";

// default via 192.168.1.1 dev eth0 metric 100; default via 10.8.0.1 dev wlan0 metric 600; 10.0.0.0/8 unreachable;
// 192.168.1.0/24 dev eth0 metric 100; 203.0.113.7/32 via 192.168.1.2 dev eth0
const IPV4 = [
  HEADER,
  "wlan0\t00000000\t0100080A\t0003\t0\t0\t600\t00000000\t0\t0\t0",
  "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
  "*\t0000000A\t00000000\t0200\t0\t0\t0\t000000FF\t0\t0\t0",
  "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
  "eth0\t077100CB\t0201A8C0\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
  "",
].join("\n");

const NOWHERE = "0".repeat(32);

// 2001:db8:1::/64 dev eth0 metric 256; default via fe80::1 dev eth0 metric 1024; ff00::/8 of table local; unreachable default on lo
const IPV6 = [
  `20010db8000100000000000000000000 40 ${NOWHERE} 00 ${NOWHERE} 00000100 00000001 00000000 00000001     eth0`,
  `${NOWHERE} 00 ${NOWHERE} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0`,
  `ff000000000000000000000000000000 08 ${NOWHERE} 00 ${NOWHERE} 00000100 00000001 00000000 00000001     eth0`,
  `${NOWHERE} 00 ${NOWHERE} 00 ${NOWHERE} ffffffff 00000001 00000000 00200200       lo`,
  "",
].join("\n");

function row({ prefix, gateway, ...rest }: RouteEntry): string {
  const via = gateway === undefined ? "" : ` via ${gateway}`;
  return `${formatPrefix(prefix)}${via} ${rest.interface} ${rest.metric}`;
}

function address(text: string): Uint8Array {
  const address = parseAddress(text);
  assert(address, text);
  return address;
}

Deno.test("parseIpv4Routes reads /proc/net/route, without what is rejected", () => {
  assertEquals(parseIpv4Routes(IPV4).map(row), [
    "0.0.0.0/0 via 10.8.0.1 wlan0 600",
    "0.0.0.0/0 via 192.168.1.1 eth0 100",
    "192.168.1.0/24 eth0 100",
    "203.0.113.7/32 via 192.168.1.2 eth0 0",
  ]);
});

Deno.test("parseIpv6Routes reads /proc/net/ipv6_route, without what is rejected", () => {
  assertEquals(parseIpv6Routes(IPV6).map(row), [
    "2001:db8:1::/64 eth0 256",
    "::/0 via fe80::1 eth0 1024",
    "ff00::/8 eth0 256",
  ]);
});

Deno.test("parseIpv4Routes and parseIpv6Routes never throw on random text", () => {
  const word = fc.oneof(
    fc.constantFrom("00000000", NOWHERE, "eth0", "0003", "\n", "zz", ""),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word), (words) => {
    parseIpv4Routes(`${HEADER}\n${words.join(" ")}`);
    parseIpv6Routes(words.join(" "));
  }));
});

Deno.test("findEgress takes the longest prefix, then the lowest metric", () => {
  const rows: [string, string | undefined, string | undefined][] = [
    ["198.51.100.1", undefined, "0.0.0.0/0 via 192.168.1.1 eth0 100"],
    ["198.51.100.1", "eth0", "0.0.0.0/0 via 10.8.0.1 wlan0 600"],
    ["192.168.1.77", undefined, "192.168.1.0/24 eth0 100"],
    ["203.0.113.7", undefined, "203.0.113.7/32 via 192.168.1.2 eth0 0"],
    ["203.0.113.7", "eth0", "0.0.0.0/0 via 10.8.0.1 wlan0 600"],
  ];
  for (const [to, except, expected] of rows) {
    const found = findEgress(parseIpv4Routes(IPV4), address(to), except);
    assertEquals(found && row(found), expected, `${to} except ${except}`);
  }
  const ipv6 = findEgress(parseIpv6Routes(IPV6), address("2001:db8::1"));
  assertEquals(ipv6 && row(ipv6), "::/0 via fe80::1 eth0 1024");
  assertEquals(findEgress([], address("192.0.2.1")), undefined);
});

Deno.test("findDefaults knows a default route, and the halves that stand for it", () => {
  const routes = parseIpv4Routes(IPV4);
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

/** "0.0.0.0/1 tungo" */
function route(text: string): RouteEntry {
  const [prefix = "", name = ""] = text.split(" ");
  const [base = "", length] = prefix.split("/");
  return {
    prefix: { address: address(base), length: Number(length) },
    interface: name,
    metric: 0,
  };
}

function halves(low: string, high: string): RouteEntry[] {
  return [route(`${low}/1 tungo`), route(`${high}/1 tungo`)];
}
