import { formatAddress, formatPrefix, type Prefix } from "../wire/address.ts";
import {
  type DevicePlanOptions,
  isIpv4,
  type Route,
  wantedRoutes,
} from "./device_plan.ts";
import type { Attempt, Change, Step } from "./plan.ts";
import { coverNameservers, uncoverNameservers } from "./resolv_conf.ts";

/** What a device whose link is up needs besides. Addresses and routes end with it; no route of others is touched. */
export function linuxPlan(options: DevicePlanOptions): Step[] {
  const { device, addresses, dns } = options;
  return [
    ...addresses.map((prefix) => addAddress(prefix, device)),
    ...wantedRoutes(options).map((route) => addRoute(route, device)),
    ...(dns.length > 0 ? [useNameservers(options)] : []),
  ];
}

function addAddress(prefix: Prefix, device: string): Change {
  const it = [formatPrefix(prefix), "dev", device];
  // Duplicate address detection would keep the address unusable for a second, and nobody is there to answer.
  const [family, ...how] = isIpv4(prefix.address) ? ["-4"] : ["-6", "nodad"];
  return {
    do: { run: ["ip", family, "addr", "add", ...it, ...how] },
    revoke: { run: ["ip", family, "addr", "del", ...it] },
  };
}

function addRoute({ prefix, gateway }: Route, device: string): Change {
  const via = gateway === undefined ? [] : ["via", formatAddress(gateway)];
  // IPv4 routes have metric 0 unless told otherwise, IPv6 routes 1024, which loses against a router's.
  const [family, ...metric] = isIpv4(prefix.address)
    ? ["-4"]
    : ["-6", "metric", "1"];
  const it = [formatPrefix(prefix), ...via, "dev", device, ...metric];
  return {
    do: { run: ["ip", family, "route", "add", ...it] },
    revoke: { run: ["ip", family, "route", "del", ...it] },
  };
}

const RESOLV_CONF = "/etc/resolv.conf";

function useNameservers(
  { device, dns, readFile }: DevicePlanOptions,
): Attempt {
  const resolvConf = readFile(RESOLV_CONF);
  const servers = dns.map((address) => formatAddress(address));
  const original = resolvConf === null ? null : uncoverNameservers(resolvConf);
  const covered = coverNameservers(original ?? "", servers);
  // The name sorts before those of network cards in Debian's resolvconf; openresolv obeys -m and -x.
  const record = `tun.${device}`;
  return {
    ways: [
      // "~." and the default route, or systemd-resolved goes on asking the other links too.
      [
        {
          do: { run: ["resolvectl", "dns", device, ...servers] },
          revoke: { run: ["resolvectl", "revert", device] },
        },
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
