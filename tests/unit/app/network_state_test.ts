import { assertEquals, assertThrows } from "@std/assert";
import { NetworkState } from "../../../src/app/network_state.ts";
import { ConfigError, DialError } from "../../../src/base/errors.ts";
import type { EgressConfig } from "../../../src/config/chain_schema.ts";
import {
  parseIpv4Routes,
  parseIpv6Routes,
} from "../../../src/system/linux_routes.ts";
import { recordingLog } from "../../support/recording_log.ts";

const HEADER =
  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT";
const ETH0 = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0";
const WLAN0 = "wlan0\t00000000\t0100080A\t0003\t0\t0\t600\t00000000\t0\t0\t0";
const TUN = "tungo\t00000000\t00000000\t0001\t0\t0\t1\t00000000\t0\t0\t0";
const LAN = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0";

const NOWHERE = "0".repeat(32);
const DEFAULT6 =
  `${NOWHERE} 00 ${NOWHERE} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0`;
const TUN6 =
  `${NOWHERE} 00 ${NOWHERE} 00 ${NOWHERE} 00000001 00000001 00000000 00000001    tungo`;

/** A machine whose routes and addresses the test changes. */
function begin(
  ipv4: readonly string[],
  ipv6: readonly string[] = [],
  hasNamespaces = true,
) {
  const machine = { ipv4, ipv6, addresses: ["192.168.1.5", "10.8.0.5"] };
  let version = 0;
  const log = recordingLog();
  const state = new NetworkState({
    log,
    addresses: () => machine.addresses,
    version: () => version++,
    hasNamespaces,
    readRoutes: (addressLength) =>
      addressLength === 4
        ? parseIpv4Routes([HEADER, ...machine.ipv4, ""].join("\n"))
        : parseIpv6Routes([...machine.ipv6, ""].join("\n")),
  });
  state.addDevice("tungo");
  return { machine, log, state };
}

/** Interfaces as a configuration names them; "eth0!" has no alternative. */
function egress(...names: string[]): EgressConfig {
  const interfaces = names.map((text) => ({
    name: text.replace("!", ""),
    strict: text.endsWith("!"),
  }));
  return { interfaces, mark: undefined, netns: undefined };
}

function names(
  state: NetworkState,
  config: EgressConfig,
  address: string,
): readonly string[] {
  return state.egress(config)(address).map(({ interface: name, strict }) =>
    strict ? `${name}!` : name ?? ""
  );
}

Deno.test("NetworkState leaves the way to the routing table while no route leads into our device", () => {
  const { log, state } = begin([ETH0]);
  assertEquals(names(state, egress(), "198.51.100.9"), []);
  assertEquals(log.lines, []);
});

Deno.test("NetworkState goes around our device by the best other route, and says so once [H.2 missing egress]", () => {
  const { log, state } = begin([TUN, WLAN0, ETH0]);
  assertEquals(names(state, egress(), "198.51.100.9"), ["eth0"]);
  assertEquals(names(state, egress(), "198.51.100.10"), ["eth0"]);
  assertEquals(log.lines, [
    `warn egress.auto {"interface":"eth0","reason":"routes lead into tungo: give interface=eth0 to say so"}`,
  ]);
});

Deno.test("NetworkState binds nothing that leads past our device anyway, nor what stays on this machine", () => {
  const { state } = begin([TUN, ETH0, LAN]);
  for (const address of ["192.168.1.9", "127.0.0.1", "::1", "no address"]) {
    assertEquals(names(state, egress(), address), [], address);
  }
});

Deno.test("NetworkState refuses a dial whose only way leads into our own device [H.2 missing egress]", () => {
  const { state } = begin([TUN]);
  const dial = (): unknown => names(state, egress(), "198.51.100.9");
  const error = assertThrows(
    dial,
    DialError,
    "which is our own: give interface=",
  );
  assertEquals(error.kind, "unreachable");
});

Deno.test("NetworkState takes the interfaces that are configured, auto being the default route's beside our device [H.2 interface auto]", () => {
  const { machine, state } = begin([TUN, WLAN0, ETH0], [DEFAULT6, TUN6]);
  const config = egress("eth5", "auto", "192.168.1.5!");
  const all = ["eth5", "eth0", "192.168.1.5!"];
  assertEquals(names(state, config, "198.51.100.9"), all);
  assertEquals(names(state, egress("auto"), "2001:db8::9"), ["eth0"]);
  machine.ipv4 = [TUN, WLAN0];
  assertEquals(names(state, egress("auto"), "198.51.100.9"), ["wlan0"]);
  machine.ipv4 = [TUN];
  assertEquals(names(state, egress("auto"), "198.51.100.9"), []);
});

/** A connection of ours; `end` says why it was dropped. */
function connect(
  state: NetworkState,
  local = "192.168.1.5",
  isElsewhere = false,
): { end: () => string | undefined; close: () => void } {
  let end: string | undefined;
  const close = state.watch({
    remote: "198.51.100.9",
    local,
    isElsewhere,
    drop: (reason) => end = reason.message,
  });
  return { end: () => end, close };
}

Deno.test("NetworkState drops a connection whose interface is not the right one any more, or has lost its address", () => {
  const moved = begin([TUN, ETH0, WLAN0]);
  const first = connect(moved.state);
  moved.state.noticeChange();
  assertEquals(first.end(), undefined);
  moved.machine.ipv4 = [TUN, WLAN0];
  moved.state.noticeChange();
  assertEquals(first.end(), "The network has changed");

  const renumbered = begin([ETH0]);
  const second = connect(renumbered.state);
  renumbered.machine.addresses = ["10.8.0.5"];
  renumbered.state.noticeChange();
  assertEquals(second.end(), "The network has changed");
});

Deno.test("NetworkState keeps a connection when routes into our own device come and go", () => {
  const { machine, state } = begin([ETH0]);
  const { end } = connect(state);
  machine.ipv4 = [TUN, ETH0];
  state.noticeChange();
  machine.ipv4 = [ETH0];
  state.noticeChange();
  assertEquals(end(), undefined);
});

Deno.test("NetworkState drops all connections after a sleep, and none that has closed by itself", () => {
  const { state } = begin([ETH0]);
  const open = connect(state);
  const closed = connect(state);
  closed.close();
  state.dropAll();
  assertEquals([open.end(), closed.end()], [
    "The machine has slept",
    undefined,
  ]);
});

Deno.test("NetworkState says once, whenever it comes to that, that IPv6 goes past the device, and what ends it", () => {
  const { machine, log, state } = begin([ETH0], [DEFAULT6]);
  state.warnOfLeak("tungo");
  assertEquals(log.lines, []);
  machine.ipv4 = [TUN, ETH0];
  state.noticeChange();
  state.noticeChange();
  assertEquals(log.lines, [
    `warn route.ipv6 {"reason":"IPv4's default route leads into tungo and IPv6's does not","remedy":"add ::/0 to its route="}`,
  ]);

  const closed = begin([TUN, ETH0], [TUN6, DEFAULT6]);
  closed.state.warnOfLeak("tungo");
  assertEquals(closed.log.lines, []);
});

const BLUE = {
  name: "blue",
  path: "services[0].metadata.netns.out",
  at: { file: "a.yaml", line: 1, column: 1 },
};

Deno.test("NetworkState leaves another namespace to its own routes, with no way around our device [D.3 netns]", () => {
  const { state } = begin([TUN]);
  const ways = (...names: string[]): unknown =>
    state.egress({ ...egress(...names), netns: BLUE })("198.51.100.9");
  assertEquals(ways(), [{ netns: "blue", strict: false }]);
  assertEquals(ways("eth5", "eth6!"), [
    { interface: "eth5", netns: "blue", strict: false },
    { interface: "eth6", netns: "blue", strict: true },
  ]);
});

Deno.test("NetworkState keeps a connection of another namespace whatever becomes of our network, but not in its sleep", () => {
  const { machine, state } = begin([TUN, ETH0]);
  const { end } = connect(state, "10.99.0.1", true);
  machine.ipv4 = [TUN, WLAN0];
  state.noticeChange();
  assertEquals(end(), undefined);
  state.dropAll();
  assertEquals(end(), "The machine has slept");
});

Deno.test("NetworkState refuses a namespace on a system that has none", () => {
  const { state } = begin([ETH0], [], false);
  assertThrows(
    () => state.egress({ ...egress(), netns: BLUE }),
    ConfigError,
    'Cannot use the network namespace "blue" as only Linux has them',
  );
});
