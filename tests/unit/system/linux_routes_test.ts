import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  parseIpv4Routes,
  parseIpv6Routes,
} from "../../../src/system/linux_routes.ts";
import type { RouteEntry } from "../../../src/system/routes.ts";
import { formatPrefix } from "../../../src/wire/address.ts";

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
