/** 4 octets (IPv4) or 16 octets (IPv6), in network order. */
export type Address = Uint8Array;

/** `10.0.0.0/8`: `length` counts bits, 0–32 or 0–128. Host bits of `address` are kept as written. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** Dotted decimal without leading zeros, or RFC 4291 §2.2 text without a zone; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** RFC 5952 for 16 octets, dotted decimal for 4; IPv4-mapped addresses end in dotted decimal. */
export function formatAddress(
  octets: Uint8Array,
  offset: number = 0,
  length: number = octets.length,
): string {
  return length === 4 ? formatIpv4(octets, offset) : formatIpv6(octets, offset);
}

/** `address/length`, or a bare address as its full length; undefined for anything else. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.length * 8;
  if (slash < 0) return { address, length: bits };
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > bits) return;
  return { address, length: Number(digits) };
}

export function formatPrefix({ address, length }: Prefix): string {
  return `${formatAddress(address)}/${length}`;
}

/** Whether `address` lies in `prefix`; never across families. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.address.length !== address.length) return false;
  const whole = prefix.length >> 3;
  for (let i = 0; i < whole; i++) {
    if (prefix.address[i] !== address[i]) return false;
  }
  const rest = prefix.length & 7;
  if (rest === 0) return true;
  const mask = 0xff00 >> rest;
  return ((prefix.address[whole] ?? 0) & mask) ===
    ((address[whole] ?? 0) & mask);
}

/** `::ffff:a.b.c.d` as the 4 octets it stands for, anything else as it is. */
export function unmapped(address: Address): Address {
  if (address.length !== 16 || !isMapped(address, 0)) return address;
  return address.subarray(12);
}

function parseIpv4(text: string): Address | undefined {
  // Most of what is no address is a name, which need not be taken apart.
  const first = text.charCodeAt(0);
  if (first < DIGIT_0 || first > DIGIT_9) return undefined;
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const address = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return;
    address[i] = Number(part);
  }
  return address;
}

function parseIpv6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const given = head.length + tail.length;
  // RFC 4291 §2.2: "::" stands for at least one group of zeros.
  if (halves.length === 1 ? given !== 16 : given > 14) return undefined;
  const address = new Uint8Array(16);
  address.set(head);
  address.set(tail, 16 - tail.length);
  return address;
}

/** Octets of `a:b:c`, of which the last group may be dotted decimal when it ends the address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  const octets: number[] = [];
  if (text === "") return octets;
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (last && i === groups.length - 1 && group.includes(".")) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === undefined) return undefined;
      octets.push(...ipv4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
    }
  }
  return octets;
}

function formatIpv4(octets: Uint8Array, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}

function formatIpv6(octets: Uint8Array, at: number): string {
  if (isMapped(octets, at)) return `::ffff:${formatIpv4(octets, at + 12)}`;
  const groups: string[] = [];
  for (let i = at; i < at + 16; i += 2) {
    groups.push((((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0)).toString(16));
  }
  const { start, length } = longestRunOfZeros(groups);
  // RFC 5952 §4.2.2: a single group of zeros is not shortened.
  if (length < 2) return groups.join(":");
  const head = groups.slice(0, start).join(":");
  return `${head}::${groups.slice(start + length).join(":")}`;
}

function longestRunOfZeros(
  groups: readonly string[],
): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === "0" ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length };
  }
  return best;
}

function isMapped(octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (octets[at + i] !== 0) return false;
  return octets[at + 10] === 0xff && octets[at + 11] === 0xff;
}
