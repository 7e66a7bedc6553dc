import {
  type Address,
  formatAddress,
  formatPrefix,
  type Prefix,
} from "../wire/address.ts";
import { formatGuid, windowsGuid } from "./windows_guid.ts";
import {
  type DevicePlanOptions,
  isIpv4,
  type Route,
  wantedRoutes,
} from "./device_plan.ts";
import type { Attempt, Change, Step } from "./plan.ts";

/** Below it Windows takes IPv6 away from an interface. RFC 8200 §5. */
const MIN_IPV6_MTU = 1280;

type Family = "ipv4" | "ipv6";

/** What a wintun adapter needs besides. All of it ends with the adapter but the nameservers, which the registry keeps. */
export function windowsPlan(options: DevicePlanOptions): Step[] {
  const { addresses, device } = options;
  const routes = wantedRoutes(options);
  return [
    ...setInterface("ipv4", options),
    ...(usesIpv6(options) ? setInterface("ipv6", options) : []),
    ...addresses.map((prefix) => addAddress(prefix, options)),
    ...routes.map((route) => addRoute(route, device)),
    useNameservers(options),
  ];
}

function usesIpv6(
  { mtu, addresses, routes, dns }: DevicePlanOptions,
): boolean {
  const all = [
    ...addresses.map(({ address }) => address),
    ...routes.map(({ prefix }) => prefix.address),
    ...dns,
  ];
  return mtu >= MIN_IPV6_MTU && all.some((address) => !isIpv4(address));
}

/**
 * The lowest metric, or the routes of a network card that calls itself faster win; without duplicate address detection, which keeps
 * an address unusable for seconds and which nobody is there to answer.
 */
function setInterface(
  family: Family,
  { device, mtu }: DevicePlanOptions,
): Change[] {
  const on = `interface=${device}`;
  return [
    netsh(family, ["set", "subinterface", on, `mtu=${mtu}`, STORE]),
    netsh(family, [
      ...["set", "interface", on, "metric=1", "dadtransmits=0"],
      ...(family === "ipv6" ? ["routerdiscovery=disabled"] : []),
      STORE,
    ]),
  ];
}

/** "set" takes away what a killed program may have left; the others are added to it. */
function addAddress(
  prefix: Prefix,
  { device, addresses }: DevicePlanOptions,
): Change {
  const { address, length } = prefix;
  if (!isIpv4(address)) {
    return netsh("ipv6", [
      ...["add", "address", `interface=${device}`],
      ...[`address=${formatPrefix(prefix)}`, STORE],
    ]);
  }
  const first = addresses.find(({ address }) => isIpv4(address));
  const verb = first === prefix
    ? ["set", "address", `name=${device}`, "source=static"]
    : ["add", "address", `name=${device}`];
  return netsh("ipv4", [
    ...verb,
    ...[`address=${formatAddress(address)}`, `mask=${netmask(length)}`, STORE],
  ]);
}

function netmask(length: number): string {
  const mask = new Uint8Array(4).map((_, i) =>
    0xff00 >> Math.min(8, Math.max(0, length - i * 8))
  );
  return formatAddress(mask);
}

function addRoute({ prefix, gateway }: Route, device: string): Change {
  return netsh(familyOf(prefix.address), [
    ...["add", "route", `prefix=${formatPrefix(prefix)}`],
    `interface=${device}`,
    ...(gateway === undefined ? [] : [`nexthop=${formatAddress(gateway)}`]),
    ...["metric=0", STORE],
  ]);
}

/** Said for no nameservers too: the registry may hold those of a killed program, under the adapter's GUID. */
function useNameservers(options: DevicePlanOptions): Attempt {
  const { dns } = options;
  const families: Family[] = usesIpv6(options) ? ["ipv4", "ipv6"] : ["ipv4"];
  const changes = families.flatMap((family) =>
    setNameservers(
      family,
      dns.filter((address) => familyOf(address) === family),
      options.device,
    )
  );
  const servers = dns.map((address) => formatAddress(address)).join(", ");
  return {
    ways: [changes],
    warning: dns.length > 0
      ? `The system goes on asking its own nameservers, not ${servers}`
      : "The system may ask nameservers that an earlier program has left",
  };
}

function setNameservers(
  family: Family,
  servers: readonly Address[],
  device: string,
): Change[] {
  const [first = "none", ...others] = servers.map((address) =>
    formatAddress(address)
  );
  const on = `name=${device}`;
  // "register" would have Windows tell the address to the servers; "validate" asks each of them first, for seconds.
  const set = netsh(family, [
    ...["set", "dnsservers", on, "source=static", `address=${first}`],
    ...["register=none", "validate=no"],
  ]);
  return [
    servers.length > 0 ? { ...set, undo: forget(family, device) } : set,
    ...others.map((address, i) =>
      netsh(family, [
        ...["add", "dnsservers", on, `address=${address}`],
        ...[`index=${i + 2}`, "validate=no"],
      ])
    ),
  ];
}

/** By the registry, as netsh knows only adapters that are there: after a crash ours is not. */
function forget(family: Family, device: string): { readonly run: string[] } {
  const service = family === "ipv4" ? "Tcpip" : "Tcpip6";
  const key = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${service}` +
    `\\Parameters\\Interfaces\\${formatGuid(windowsGuid(device))}`;
  return { run: ["reg", "delete", key, "/v", "NameServer", "/f"] };
}

/** What is not said to be active alone would come back with the next adapter of this GUID. */
const STORE = "store=active";

function netsh(family: Family, words: readonly string[]): Change {
  return { do: { run: ["netsh", "interface", family, ...words] } };
}

function familyOf(address: Address): Family {
  return isIpv4(address) ? "ipv4" : "ipv6";
}
