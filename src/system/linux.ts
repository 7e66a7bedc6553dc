import {
  type Address,
  formatAddress,
  formatPrefix,
  type Prefix,
} from "../wire/address.ts";
import type { Attempt, Change, Step } from "./plan.ts";
import { coverNameservers, uncoverNameservers } from "./resolv_conf.ts";

export interface Route {
  readonly prefix: Prefix;
  readonly gateway?: Address;
}

export interface LinuxPlanOptions {
  readonly device: string;
  readonly addresses: readonly Prefix[];
  readonly routes: readonly Route[];
  /** Nameservers that are to be asked through the device. */
  readonly dns: readonly Address[];
  /** What /etc/resolv.conf reads now; null where there is none. */
  readonly resolvConf: string | null;
}

/** What a device whose link is up needs besides. Addresses and routes end with it; no route of others is touched. */
export function linuxPlan(options: LinuxPlanOptions): Step[] {
  const { device, addresses, dns } = options;
  return [
    ...addresses.map((prefix) => addAddress(prefix, device)),
    ...routesOf(options).map((route) => addRoute(route, device)),
    ...(dns.length > 0 ? [useNameservers(options)] : []),
  ];
}

function addAddress(prefix: Prefix, device: string): Change {
  const add = ["addr", "add", formatPrefix(prefix), "dev", device];
  // Duplicate address detection would keep the address unusable for a second, and nobody is there to answer.
  return isIpv4(prefix.address)
    ? { do: { run: ["ip", "-4", ...add] } }
    : { do: { run: ["ip", "-6", ...add, "nodad"] } };
}

function addRoute({ prefix, gateway }: Route, device: string): Change {
  const via = gateway === undefined ? [] : ["via", formatAddress(gateway)];
  const add = ["route", "add", formatPrefix(prefix), ...via, "dev", device];
  // IPv4 routes have metric 0 unless told otherwise, IPv6 routes 1024, which loses against a router's.
  return isIpv4(prefix.address)
    ? { do: { run: ["ip", "-4", ...add] } }
    : { do: { run: ["ip", "-6", ...add, "metric", "1"] } };
}

/** Halved where they are default routes, each once, and without those that the addresses bring along. */
function routesOf({ addresses, routes }: LinuxPlanOptions): Route[] {
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

/** More specific than the default route that is there already, so that both can stay. */
function halves(prefix: Prefix): Prefix[] {
  if (prefix.length > 0) return [prefix];
  const upper = Uint8Array.from(prefix.address);
  upper[0] = 0x80;
  return [{ ...prefix, length: 1 }, { address: upper, length: 1 }];
}

function network({ address, length }: Prefix): Prefix {
  const bits = (i: number): number => Math.min(8, Math.max(0, length - i * 8));
  return {
    address: address.map((octet, i) => octet & (0xff00 >> bits(i))),
    length,
  };
}

function isIpv4(address: Address): boolean {
  return address.length === 4;
}

const RESOLV_CONF = "/etc/resolv.conf";

function useNameservers(
  { device, dns, resolvConf }: LinuxPlanOptions,
): Attempt {
  const servers = dns.map((address) => formatAddress(address));
  const original = resolvConf === null ? null : uncoverNameservers(resolvConf);
  const covered = coverNameservers(original ?? "", servers);
  // The name sorts before those of network cards in Debian's resolvconf; openresolv obeys -m and -x.
  const record = `tun.${device}`;
  return {
    ways: [
      // "~." and the default route, or systemd-resolved goes on asking the other links too.
      [
        { do: { run: ["resolvectl", "dns", device, ...servers] } },
        { do: { run: ["resolvectl", "domain", device, "~."] } },
        { do: { run: ["resolvectl", "default-route", device, "yes"] } },
      ],
      [{
        do: {
          run: ["resolvconf", "-a", record, "-m", "0", "-x"],
          input: servers.map((server) => `nameserver ${server}\n`).join(""),
        },
        undo: { run: ["resolvconf", "-d", record] },
      }],
      [{
        do: { file: RESOLV_CONF, from: resolvConf, to: covered },
        undo: { file: RESOLV_CONF, from: covered, to: original },
      }],
    ],
    warning: `The system goes on asking its own nameservers, not ${
      servers.join(", ")
    }`,
  };
}
