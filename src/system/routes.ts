import { type Address, type Prefix, prefixContains } from "../wire/address.ts";

/** A route that leads out by an interface. */
export interface RouteEntry {
  readonly prefix: Prefix;
  readonly gateway?: string;
  readonly interface: string;
  /** Of equal prefixes the lowest wins. */
  readonly metric: number;
}

/** Those of one address family, by the length of its addresses; as they are at the time of the call. */
export type ReadRoutes = (addressLength: 4 | 16) => readonly RouteEntry[];

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

function best(routes: readonly RouteEntry[]): RouteEntry | undefined {
  return routes.reduce<RouteEntry | undefined>((a, b) => {
    if (a === undefined || b.prefix.length > a.prefix.length) return b;
    return b.prefix.length === a.prefix.length && b.metric < a.metric ? b : a;
  }, undefined);
}
