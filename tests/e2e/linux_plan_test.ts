import { assert, assertEquals, assertRejects } from "@std/assert";
import { openPlatform } from "../../ffi/mod.ts";
import { executePlan } from "../../src/app/execute.ts";
import { DeviceError } from "../../src/base/errors.ts";
import { linuxPlan } from "../../src/system/linux.ts";
import {
  parseIpv4Routes,
  parseIpv6Routes,
} from "../../src/system/linux_routes.ts";
import { findDefaults } from "../../src/system/routes.ts";
import { parsePrefix, type Prefix } from "../../src/wire/address.ts";
import { netnsTest } from "../support/netns.ts";
import { silentLog } from "../support/silent_log.ts";

const PLAN = {
  device: "tungo",
  addresses: ["192.168.123.1/24", "fd12::1/64"].map(prefix),
  routes: ["0.0.0.0/0", "::/0", "10.1.2.3/8"].map((text) => ({
    prefix: prefix(text),
  })),
  dns: [],
  mtu: 1420,
  readFile: () => null,
};

netnsTest("linuxPlan works on a real machine, and ends with the device", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  const { host } = net;
  await host.ip("link add eth0 type veth peer name eth1");
  await host.ip("link set eth0 up");
  await host.ip("link set eth1 up");
  await host.ip("addr add 10.0.0.1/24 dev eth0");
  await host.ip("-6 addr add fd00::1/64 dev eth0 nodad");
  await host.ip("route add default via 10.0.0.2 dev eth0");
  await host.ip("-6 route add default via fd00::2 dev eth0 metric 1024");
  const before = await routes();
  const device = await host.inside(() =>
    platform.openTun({ name: "tungo", mtu: 1420, log: silentLog })
  );
  const undo = await host.inside(() =>
    executePlan(linuxPlan(PLAN), { log: silentLog })
  );
  const through = await Promise.all(
    ["198.51.100.1", "203.0.113.1", "10.9.9.9", "2001:db8::1", "9000::1"]
      .map((address) => host.ip(`route get ${address}`)),
  );
  const ipv4 = parseIpv4Routes(await host.run("cat", "/proc/net/route"));
  const ipv6 = parseIpv6Routes(await host.run("cat", "/proc/net/ipv6_route"));
  const defaults = [...findDefaults(ipv4), ...findDefaults(ipv6)];
  const others = [
    ...findDefaults(ipv4, "tungo"),
    ...findDefaults(ipv6, "tungo"),
  ];
  await device[Symbol.asyncDispose]();

  for (const route of through) assert(route.includes("dev tungo"), route);
  assertEquals(defaults.map(({ interface: name }) => name), [
    ...["tungo", "tungo", "tungo", "tungo"],
  ]);
  assertEquals(others.map(({ gateway }) => gateway), ["10.0.0.2", "fd00::2"]);
  assertEquals(undo, []);
  assertEquals(await routes(), before);

  async function routes(): Promise<string> {
    return await host.ip("route") + await host.ip("-6 route show dev eth0");
  }
});

netnsTest(
  "linuxPlan stops at a route that is there already",
  ["host"],
  async (net) => {
    await using platform = openPlatform();
    await using _device = await net.host.inside(() =>
      platform.openTun({ name: "tungo", mtu: 1420, log: silentLog })
    );
    await net.host.ip("route add 128.0.0.0/1 dev lo");
    await net.host.inside(() =>
      assertRejects(
        () => executePlan(linuxPlan(PLAN), { log: silentLog }),
        DeviceError,
        'Cannot run "ip -4 route add 128.0.0.0/1 dev tungo" (exit code 2): RTNETLINK answers: File exists',
      )
    );
  },
);

function prefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert(prefix, text);
  return prefix;
}
