import { type Address, formatPrefix, type Prefix } from "../wire/address.ts";

export interface Route {
  readonly prefix: Prefix;
  readonly gateway?: Address;
}

/** What a device needs beyond being there. */
export interface DevicePlanOptions {
  /** Its name, as the system gave it. */
  readonly device: string;
  /** Octets of its largest packet. */
  readonly mtu: number;
  readonly addresses: readonly Prefix[];
  /** The far end, where the system's devices are point-to-point. */
  readonly peer?: Address;
  readonly routes: readonly Route[];
  /** Nameservers that are to be asked through the device. */
  readonly dns: readonly Address[];
  /** The text of a file as it is now; null where there is none. */
  readonly readFile: (path: string) => string | null;
}

/** The networks of the addresses themselves, each once; a lone address has none. */
export function ownNetworks(addresses: readonly Prefix[]): Prefix[] {
  const seen = new Set<string>();
  return addresses.map(network).filter((prefix) => {
    if (prefix.length === prefix.address.length * 8) return false;
    const name = formatPrefix(prefix);
    return !seen.has(name) && seen.add(name);
  });
}

/** What is asked for: halved where it is a default route, each once, and without what the addresses bring along. */
export function wantedRoutes(
  { addresses, routes }: Pick<DevicePlanOptions, "addresses" | "routes">,
): Route[] {
  const seen = new Set(
    addresses.map((prefix) => formatPrefix(network(prefix))),
  );
  const result: Route[] = [];
  for (const { prefix, ...rest } of routes) {
    for (const part of halves(network(prefix))) {
      const name = formatPrefix(part);
      if (seen.has(name)) continue;
      seen.add(name);
      result.push({ prefix: part, ...rest });
    }
  }
  return result;
}

export function isIpv4(address: Address): boolean {
  return address.length === 4;
}

/** More specific than the default route that is there already, so that both can stay. */
function halves(prefix: Prefix): Prefix[] {
  if (prefix.length > 0) return [prefix];
  const upper = Uint8Array.from(prefix.address);
  upper[0] = 0x80;
  return [{ ...prefix, length: 1 }, { address: upper, length: 1 }];
}

/** Without host bits. */
function network({ address, length }: Prefix): Prefix {
  const bits = (i: number): number => Math.min(8, Math.max(0, length - i * 8));
  return {
    address: address.map((octet, i) => octet & (0xff00 >> bits(i))),
    length,
  };
}
