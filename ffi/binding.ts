import type { Address } from "../src/wire/address.ts";
import { formatAddress, parseAddress } from "../src/wire/address.ts";

/** What keeps a socket on one interface. */
export interface Binding {
  readonly device: string;
  /** Source address, where an address was asked for instead of a name. */
  readonly source?: Address;
}

/** One address of an interface, as `Deno.networkInterfaces` lists them. */
export interface InterfaceAddress {
  readonly name: string;
  readonly address: string;
}

/**
 * How to bind a socket that goes to `destination` when `wanted` (a name, an IPv4 alias such as "eth0:1", or an address) is asked
 * for; undefined where binding would do harm: a loopback destination is not to be reached through any other device. A string says
 * why it cannot be done.
 */
export function resolveBinding(
  wanted: string,
  destination: Address,
  interfaces: () => readonly InterfaceAddress[],
): Binding | string | undefined {
  if (isLoopback(destination)) return undefined;
  const source = parseAddress(wanted);
  if (source === undefined) {
    return wanted.includes(":")
      ? resolveAlias(wanted, destination, interfaces())
      : { device: wanted };
  }
  const text = formatAddress(source);
  const owner = interfaces().find(({ address }) => sameAddress(address, text));
  if (owner === undefined) return `no interface has the address "${text}"`;
  if (source.length !== destination.length) {
    return `"${text}" is of the other address family`;
  }
  return { device: deviceOf(owner.name), source };
}

function resolveAlias(
  alias: string,
  destination: Address,
  interfaces: readonly InterfaceAddress[],
): Binding | string {
  for (const { name, address } of interfaces) {
    if (name !== alias) continue;
    const source = parseAddress(address);
    if (source?.length === destination.length) {
      return { device: deviceOf(alias), source };
    }
  }
  return `no interface has the alias "${alias}"`;
}

/** An alias is a label on an address, not a device. */
function deviceOf(name: string): string {
  return name.split(":", 1)[0] ?? name;
}

function sameAddress(listed: string, formatted: string): boolean {
  const address = parseAddress(listed);
  return address !== undefined && formatAddress(address) === formatted;
}

/** RFC 1122 §3.2.1.3 (g) and RFC 4291 §2.5.3. */
function isLoopback(address: Address): boolean {
  return address.length === 4
    ? address[0] === 127
    : address.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

/** RFC 4291 §2.5.6: fe80::/10, which means nothing without an interface. */
export function isLinkLocalIpv6(address: Address): boolean {
  return address.length === 16 && address[0] === 0xfe &&
    ((address[1] ?? 0) & 0xc0) === 0x80;
}
