import {
  type Address,
  formatAddress,
  type Prefix,
  prefixContains,
} from "../wire/address.ts";

/** A route of the main table that leads out by an interface. */
export interface RouteEntry {
  readonly prefix: Prefix;
  readonly gateway?: string;
  readonly interface: string;
  /** Of equal prefixes the lowest wins. */
  readonly metric: number;
}

// linux/route.h
const RTF_UP = 0x0001;
const RTF_GATEWAY = 0x0002;
const RTF_REJECT = 0x0200;

/** The text of /proc/net/route. */
export function parseIpv4Routes(text: string): RouteEntry[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [name, destination, gateway, flags, , , metric, mask] = line.split(
      /\s+/,
    );
    const address = littleEndian(destination);
    const netmask = littleEndian(mask);
    if (name === undefined || !address || !netmask) return [];
    return entry(Number(`0x${flags}`), {
      prefix: { address, length: ones(netmask) },
      interface: name,
      metric: Number(metric),
    }, littleEndian(gateway));
  });
}

/** The text of /proc/net/ipv6_route. */
export function parseIpv6Routes(text: string): RouteEntry[] {
  return text.split("\n").flatMap((line) => {
    const [destination, length, , , gateway, metric, , , flags, name] = line
      .trim().split(/\s+/);
    const address = octets(destination, 16);
    if (name === undefined || !address) return [];
    return entry(Number(`0x${flags}`), {
      prefix: { address, length: Number(`0x${length}`) },
      interface: name,
      metric: Number(`0x${metric}`),
    }, octets(gateway, 16));
  });
}

/** The route that leads to `address`, as if the interface `except` were not there. */
export function findEgress(
  routes: readonly RouteEntry[],
  address: Address,
  except?: string,
): RouteEntry | undefined {
  return best(
    routes.filter((route) =>
      route.interface !== except && prefixContains(route.prefix, address)
    ),
  );
}

/**
 * What leads to the rest of the world: one default route, or the two halves that stand in for it, of which either may be missing.
 * Empty: nothing does.
 */
export function findDefaults(
  routes: readonly RouteEntry[],
  except?: string,
): RouteEntry[] {
  const wide = routes.filter(({ prefix, interface: name }) =>
    prefix.length <= 1 && name !== except
  );
  const [any] = wide;
  if (any === undefined) return [];
  const halves = [0x00, 0x80].map((first) => {
    const half = new Uint8Array(any.prefix.address.length);
    half[0] = first;
    return best(wide.filter(({ prefix }) => prefixContains(prefix, half)));
  });
  return [...new Set(halves.filter((route) => route !== undefined))];
}

export interface RouteTables {
  readonly ipv4: readonly RouteEntry[];
  readonly ipv6: readonly RouteEntry[];
}

/** Whether IPv4's default leads into `device` while IPv6's, or a half of it, leads past. */
export function leaksIpv6(
  { ipv4, ipv6 }: RouteTables,
  device: string,
): boolean {
  const leadsIn = (route: RouteEntry): boolean => route.interface === device;
  const defaults = findDefaults(ipv4);
  return defaults.length > 0 && defaults.every(leadsIn) &&
    !findDefaults(ipv6).every(leadsIn);
}

function entry(
  flags: number,
  route: RouteEntry,
  gateway: Address | undefined,
): RouteEntry[] {
  if ((flags & RTF_UP) === 0 || (flags & RTF_REJECT) !== 0) return [];
  return (flags & RTF_GATEWAY) !== 0 && gateway
    ? [{ ...route, gateway: formatAddress(gateway) }]
    : [route];
}

function best(routes: readonly RouteEntry[]): RouteEntry | undefined {
  return routes.reduce<RouteEntry | undefined>((a, b) => {
    if (a === undefined || b.prefix.length > a.prefix.length) return b;
    return b.prefix.length === a.prefix.length && b.metric < a.metric ? b : a;
  }, undefined);
}

/** Eight hexadecimal digits of a number whose lowest octet comes first on the wire. */
function littleEndian(text: string | undefined): Address | undefined {
  return octets(text, 4)?.reverse();
}

function octets(
  text: string | undefined,
  length: number,
): Uint8Array | undefined {
  if (text?.length !== length * 2 || !/^[0-9a-fA-F]+$/.test(text)) return;
  return Uint8Array.from(
    { length },
    (_, i) => parseInt(text.slice(i * 2, i * 2 + 2), 16),
  );
}

function ones(mask: Address): number {
  const bits = [...mask].map((octet) => octet.toString(2)).join("");
  return bits.replaceAll("0", "").length;
}
