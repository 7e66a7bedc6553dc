import { type Address, formatAddress } from "../wire/address.ts";
import type { RouteEntry } from "./routes.ts";

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
