import type { Position } from "../../base/errors.ts";
import {
  type Address,
  parseAddress,
  parsePrefix,
  type Prefix,
} from "../../wire/address.ts";
import type { Problems } from "../problems.ts";
import type { DeviceConfig, DeviceRouteConfig } from "../schema.ts";
import type { Metadata } from "./metadata.ts";
import type { Section } from "./section.ts";

const DEFAULT_MTU = 1420;
/** RFC 1122 §3.3.3: the largest packet that every IPv4 host takes. */
const MIN_MTU = 576;
const MAX_MTU = 65_535;
/** RFC 8200 §5. */
const MIN_IPV6_MTU = 1280;

/** Octets, Linux's IFNAMSIZ without the final zero. */
const MAX_NAME = 15;

/** What GOST's listener tungo takes. */
export function decodeDevice(
  listener: Section,
  metadata: Metadata,
  problems: Problems,
): DeviceConfig {
  metadata.ignore("guid", "tun.guid");
  const addresses = readItems(metadata, ["net", "tun.net"], {
    parse: parsePrefix,
    form: "address/length",
  }, problems).map(({ value }) => value);
  const address = { parse: parseAddress, form: "an address" };
  const [gateway] = readItems(metadata, ["gw", "tun.gw"], address, problems);
  const [peer] = readItems(metadata, ["peer", "tun.peer"], address, problems);
  return {
    at: listener.at,
    name: decodeName(metadata, problems),
    mtu: decodeMtu(metadata, addresses, problems),
    addresses,
    peer: peer?.value,
    gateway: gateway?.value,
    routes: decodeRoutes(metadata, gateway?.value, problems),
    dns: readItems(metadata, ["dns", "tun.dns"], address, problems)
      .map(({ value }) => value),
  };
}

function decodeName(metadata: Metadata, problems: Problems): string {
  const name = metadata.text(["name", "tun.name"], "tungo");
  const octets = new TextEncoder().encode(name).length;
  const isName = /^[^\s/:]+$/.test(name) && name !== "." && name !== "..";
  if (!isName || octets > MAX_NAME) {
    problems.error(
      `Cannot use the device name "${name}" as it must have at most ${MAX_NAME} octets, without spaces, slashes and colons`,
      metadata.where(["name", "tun.name"]),
    );
  }
  return name;
}

function decodeMtu(
  metadata: Metadata,
  addresses: readonly Prefix[],
  problems: Problems,
): number {
  const mtu = metadata.integer(["mtu", "tun.mtu"], {
    fallback: DEFAULT_MTU,
    min: MIN_MTU,
    max: MAX_MTU,
  });
  const hasIpv6 = addresses.some(({ address }) => address.length === 16);
  if (hasIpv6 && mtu >= MIN_MTU && mtu < MIN_IPV6_MTU) {
    problems.error(
      `Cannot use an MTU of ${mtu} as IPv6 needs >= ${MIN_IPV6_MTU}`,
      metadata.where(["mtu", "tun.mtu"]),
    );
  }
  return mtu;
}

function decodeRoutes(
  metadata: Metadata,
  gateway: Address | undefined,
  problems: Problems,
): readonly DeviceRouteConfig[] {
  const form = { parse: parseRoute, form: "prefix [gateway]" };
  const given = [
    ...readItems(metadata, ["route", "tun.route"], form, problems),
    ...readItems(metadata, ["routes", "tun.routes"], form, problems),
  ];
  return given.map(({ value: { destination, own }, at }) => {
    const family = destination.address.length;
    const inherited = gateway?.length === family ? gateway : undefined;
    return { at, destination, gateway: own ?? inherited };
  });
}

/** `10.0.0.0/8` or `10.0.0.0/8 192.168.123.1`, both of one family. */
function parseRoute(
  text: string,
): { destination: Prefix; own: Address | undefined } | undefined {
  const [prefix = "", gateway, more] = text.split(/\s+/);
  const destination = parsePrefix(prefix);
  const own = gateway === undefined ? undefined : parseAddress(gateway);
  if (destination === undefined || more !== undefined) return undefined;
  if (gateway !== undefined && own?.length !== destination.address.length) {
    return undefined;
  }
  return { destination: withoutHostBits(destination), own };
}

export function withoutHostBits({ address, length }: Prefix): Prefix {
  const network = address.map((octet, i) => {
    const bits = Math.min(Math.max(length - i * 8, 0), 8);
    return octet & ~(0xff >> bits);
  });
  return { address: network, length };
}

/** Items that do not parse are problems, and left out. */
function readItems<T>(
  metadata: Metadata,
  keys: readonly [string, string],
  { parse, form }: {
    readonly parse: (text: string) => T | undefined;
    readonly form: string;
  },
  problems: Problems,
): readonly { readonly value: T; readonly at: Position }[] {
  return metadata.texts(keys).flatMap(({ text, at }) => {
    const value = parse(text);
    if (value !== undefined) return [{ value, at }];
    const { path } = metadata.where(keys);
    const message = `Cannot use "${text}" for ${keys[0]} as it must be ${form}`;
    problems.error(message, { path, at });
    return [];
  });
}
