import type { IpHeader, Malformed } from "./ip_header.ts";

export const IPV6_HEADER = 40;
export const FRAGMENT_HEADER = 8;

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

const HOP_BY_HOP = 0;
const ROUTING = 43;
export const FRAGMENT = 44;
const NO_NEXT_HEADER = 59;
const DESTINATION_OPTIONS = 60;

/** Bounds on the chain of extension headers; RFC 8504 §5.3 lets a node set them. */
const MAX_EXTENSION_HEADERS = 8;
const MAX_EXTENSION_OCTETS = 512;

/** Largest payload length. Jumbograms (RFC 2675) are not taken. */
export const IPV6_MAX_PAYLOAD = 65_535;

/**
 * Reads the header of an IPv6 packet of `length` octets at `start`, extension headers included, into `header`. RFC 8200 §3, §4.
 * The walk ends at the fragment header of a fragment: what follows it is a piece of payload.
 */
export function parseIpv6(
  view: DataView,
  start: number,
  length: number,
  header: IpHeader,
): Malformed | undefined {
  if (length < IPV6_HEADER) return "ip.length";
  const payloadLength = view.getUint16(start + PAYLOAD_LENGTH);
  if (IPV6_HEADER + payloadLength > length) return "ip.length";
  header.version = 6;
  header.addressLength = 16;
  header.source = start + SOURCE;
  header.destination = start + DESTINATION;
  header.protocol = view.getUint8(start + NEXT_HEADER);
  header.payload = start + IPV6_HEADER;
  header.payloadLength = payloadLength;
  header.fragmentOffset = 0;
  header.moreFragments = false;
  header.identification = 0;
  if (payloadLength === 0 && header.protocol === HOP_BY_HOP) return "ip.jumbo";
  return isExtension(header.protocol)
    ? skipExtensions(view, header)
    : header.protocol === NO_NEXT_HEADER
    ? "ip.no next header"
    : undefined;
}

export interface Ipv6Fields {
  /** Octets behind the header. */
  readonly payloadLength: number;
  readonly nextHeader: number;
}

/** Writes everything but the addresses, which the caller puts at `start + 8`. Flow label 0, hop limit 64. */
export function putIpv6(
  view: DataView,
  start: number,
  fields: Ipv6Fields,
): void {
  view.setUint32(start, 0x6000_0000);
  view.setUint16(start + PAYLOAD_LENGTH, fields.payloadLength);
  view.setUint8(start + NEXT_HEADER, fields.nextHeader);
  view.setUint8(start + HOP_LIMIT, 64);
}

export interface FragmentFields {
  readonly nextHeader: number;
  /** In octets, a multiple of 8. */
  readonly offset: number;
  readonly more: boolean;
  /** 32 bits. */
  readonly identification: number;
}

/** RFC 8200 §4.5. */
export function putFragmentHeader(
  view: DataView,
  at: number,
  fields: FragmentFields,
): void {
  view.setUint16(at, fields.nextHeader << 8);
  view.setUint16(at + 2, fields.offset | (fields.more ? 1 : 0));
  view.setUint32(at + 4, fields.identification);
}

function isExtension(nextHeader: number): boolean {
  return nextHeader === HOP_BY_HOP || nextHeader === ROUTING ||
    nextHeader === FRAGMENT || nextHeader === DESTINATION_OPTIONS;
}

function skipExtensions(
  view: DataView,
  header: IpHeader,
): Malformed | undefined {
  const first = header.payload;
  const end = first + header.payloadLength;
  for (let count = 0; isExtension(header.protocol); count++) {
    const at = header.payload;
    if (count === MAX_EXTENSION_HEADERS || at + 8 > end) {
      return "ip.extension headers";
    }
    // RFC 8200 §4.1: hop-by-hop options stand right behind the IPv6 header or nowhere.
    if (header.protocol === HOP_BY_HOP && count > 0) {
      return "ip.extension headers";
    }
    const fragment = header.protocol === FRAGMENT;
    const length = fragment ? 8 : (view.getUint8(at + 1) + 1) * 8;
    if (at + length > end || at + length - first > MAX_EXTENSION_OCTETS) {
      return "ip.extension headers";
    }
    header.protocol = view.getUint8(at);
    header.payload = at + length;
    header.payloadLength = end - header.payload;
    if (fragment) {
      const word = view.getUint16(at + 2);
      header.fragmentOffset = word & 0xfff8;
      header.moreFragments = (word & 1) !== 0;
      header.identification = view.getUint32(at + 4);
      if (header.fragmentOffset > 0 || header.moreFragments) return undefined;
    }
  }
  return header.protocol === NO_NEXT_HEADER ? "ip.no next header" : undefined;
}
