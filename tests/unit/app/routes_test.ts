import { assertEquals } from "@std/assert";
import { Routes } from "../../../src/app/routes.ts";
import type { RouteEntry } from "../../../src/system/routes.ts";

Deno.test("Routes reads a table again when the version is another one, and never before", () => {
  const read: number[] = [];
  let version = 1;
  let table = [defaultBy("eth0")];
  const routes = new Routes({
    version: () => version,
    readRoutes: (addressLength) => {
      read.push(addressLength);
      return addressLength === 4 ? table : [];
    },
  });
  const names = (): string[] => routes.of(4).map((route) => route.interface);

  assertEquals([names(), names(), routes.of(16)], [["eth0"], ["eth0"], []]);
  assertEquals(read, [4, 16]);

  table = [defaultBy("wlan0")];
  assertEquals(names(), ["eth0"]);
  version++;
  assertEquals(names(), ["wlan0"]);
});

function defaultBy(name: string): RouteEntry {
  const prefix = { address: new Uint8Array(4), length: 0 };
  return { prefix, interface: name, metric: 0 };
}
