import { assertEquals } from "@std/assert";
import { Routes } from "../../../src/app/routes.ts";

const HEADER =
  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT";
const ETH0 = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0";
const WLAN0 = "wlan0\t00000000\t0100080A\t0003\t0\t0\t600\t00000000\t0\t0\t0";

Deno.test("Routes reads a table again when the version is another one, and never before", () => {
  const read: string[] = [];
  let version = 1;
  let table = [HEADER, ETH0].join("\n");
  const routes = new Routes({
    version: () => version,
    readFile: (path) => {
      read.push(path);
      return path === "/proc/net/route" ? table : "";
    },
  });
  const names = (): string[] => routes.of(4).map((route) => route.interface);

  assertEquals([names(), names(), routes.of(16)], [["eth0"], ["eth0"], []]);
  assertEquals(read, ["/proc/net/route", "/proc/net/ipv6_route"]);

  table = [HEADER, WLAN0].join("\n");
  assertEquals(names(), ["eth0"]);
  version++;
  assertEquals(names(), ["wlan0"]);
});
