import { formatAddress, formatPrefix, type Prefix } from "../wire/address.ts";
import {
  type DevicePlanOptions,
  isIpv4,
  ownNetworks,
  type Route,
  wantedRoutes,
} from "./device_plan.ts";
import type { Attempt, Change, Step } from "./plan.ts";

/** The only names that the kernel has for a utun device. */
export function isUtunName(name: string): boolean {
  return /^utun(0|[1-9]\d{0,4})$/.test(name);
}

/** What a utun device needs besides. Addresses and routes end with it; no route of others is touched. */
export function darwinPlan(options: DevicePlanOptions): Step[] {
  const { device, addresses, dns } = options;
  return [
    ...addresses.map((prefix) => addAddress(prefix, options)),
    // A point-to-point device brings along IPv6's networks, but of IPv4 only the far end's address.
    ...ownNetworks(addresses).filter(({ address }) => isIpv4(address))
      .map((prefix) => addRoute({ prefix }, device)),
    ...wantedRoutes(options).map((route) => addRoute(route, device)),
    ...(dns.length > 0 ? [useNameservers(options)] : []),
  ];
}

/** The first IPv4 address has the far end that was asked for; otherwise an address is its own, as with GOST. */
function addAddress(
  prefix: Prefix,
  { device, peer, addresses }: DevicePlanOptions,
): Change {
  const { address } = prefix;
  if (!isIpv4(address)) {
    return ifconfig(device, ["inet6", formatPrefix(prefix), "alias"]);
  }
  const first = addresses.find(({ address }) => isIpv4(address)) === prefix;
  const far = first && peer?.length === address.length ? peer : address;
  return ifconfig(device, [
    ...["inet", formatPrefix(prefix), formatAddress(far), "alias"],
  ]);
}

function ifconfig(device: string, words: readonly string[]): Change {
  return { do: { run: ["ifconfig", device, ...words] } };
}

function addRoute({ prefix, gateway }: Route, device: string): Change {
  const family = isIpv4(prefix.address) ? "-inet" : "-inet6";
  const by = gateway === undefined
    ? ["-interface", device]
    : [formatAddress(gateway)];
  const run = ["route", "-n", "add", family, formatPrefix(prefix), ...by];
  // route.tproj/route.c: a refusal of the kernel is written, and the exit code is 0 all the same.
  return { do: { run, failure: "stderr" } };
}

/**
 * An entry of configd's dynamic store that answers for every name, as the empty domain says, before those of the network's own
 * services, as the low order says. The store outlives the device, but no restart.
 */
function useNameservers({ device, dns }: DevicePlanOptions): Attempt {
  const servers = dns.map((address) => formatAddress(address)).join(" ");
  const key = `State:/Network/Service/tungo.${device}/DNS`;
  const add = [
    "d.init",
    `d.add ServerAddresses * ${servers}`,
    'd.add SupplementalMatchDomains * ""',
    "d.add SupplementalMatchOrders * # 1",
    `set ${key}`,
  ];
  return {
    ways: [[{
      do: { run: ["scutil"], input: lines(add) },
      undo: { run: ["scutil"], input: lines([`remove ${key}`]) },
    }]],
    warning: `The system goes on asking its own nameservers, not ${
      servers.replaceAll(" ", ", ")
    }`,
  };
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join("");
}
