import { ProtocolError } from "../base/errors.ts";
import { formatAddress, parseAddress, unmapped } from "../wire/address.ts";
import { decodeText } from "./decode_text.ts";

/** `host` is an address as `wire/address.ts` formats it, or a name: from a peer that may be any text, the empty one included. */
export interface SocksAddress {
  readonly host: string;
  readonly port: number;
}

/** ATYP of RFC 1928 §5, which GOST's relay protocol shares. */
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;

/** Octets of ATYP, a name of 255 octets behind its length, and the port. */
export const SOCKS_ADDRESS_MAX = 1 + 1 + 255 + 2;

/**
 * ATYP, address and port. IPv4-mapped IPv6 goes as IPv4, what is not an address as a domain.
 * Fails for a name of more than 255 octets.
 */
export function encodeSocksAddress(
  { host, port }: SocksAddress,
): Uint8Array | ProtocolError {
  const address = parseAddress(host);
  const octets = address === undefined
    ? new TextEncoder().encode(host)
    : unmapped(address);
  if (octets.length > 255) {
    return new ProtocolError(
      "socks",
      `Cannot carry a name of ${octets.length} octets as 255 is the most`,
    );
  }
  const head = address === undefined
    ? [DOMAIN, octets.length]
    : [octets.length === 4 ? IPV4 : IPV6];
  return Uint8Array.of(...head, ...octets, port >> 8, port & 0xff);
}

/** Octets from `atyp` to the end of the port, where `next` is the octet behind `atyp`; undefined for an unknown ATYP. */
export function socksAddressLength(
  atyp: number,
  next: number,
): number | undefined {
  switch (atyp) {
    case IPV4:
      return 1 + 4 + 2;
    case DOMAIN:
      return 1 + 1 + next + 2;
    case IPV6:
      return 1 + 16 + 2;
    default:
      return undefined;
  }
}

/**
 * The address whose ATYP is at `at`; what follows it is ignored.
 * Undefined for an unknown ATYP, and for an address that does not end within `octets`.
 */
export function parseSocksAddress(
  octets: Uint8Array,
  at: number = 0,
): SocksAddress | undefined {
  const atyp = octets[at];
  const next = octets[at + 1];
  if (atyp === undefined || next === undefined) return undefined;
  const length = socksAddressLength(atyp, next);
  if (length === undefined || at + length > octets.length) return undefined;
  const end = at + length - 2;
  const host = atyp === DOMAIN
    ? decodeText(octets.subarray(at + 2, end))
    : formatAddress(unmapped(octets.subarray(at + 1, end)));
  return { host, port: ((octets[end] ?? 0) << 8) | (octets[end + 1] ?? 0) };
}
