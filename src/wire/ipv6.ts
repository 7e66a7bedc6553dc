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

const PAD1 = 0;
const JUMBO_PAYLOAD = 0xc2;

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
  header.protocolAt = start + NEXT_HEADER;
  header.payload = start + IPV6_HEADER;
  header.payloadLength = payloadLength;
  header.fragmentOffset = 0;
  header.moreFragments = false;
  header.identification = 0;
  if (payloadLength === 0 && header.protocol === HOP_BY_HOP) return "ip.jumbo";
  return isExtension(header.protocol) || header.protocol === NO_NEXT_HEADER
    ? skipExtensions(view, header)
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

/**
 * Goes on from `header.payload`, whose kind `header.protocol` tells, to the transport, or to the fragment header of a
 * fragment. An option or a routing header that cannot be taken spoils the packet only at the end, when it is known what
 * transport it carries.
 */
export function skipExtensions(
  view: DataView,
  header: IpHeader,
): Malformed | undefined {
  const first = header.payload;
  const end = first + header.payloadLength;
  let problem: Malformed | undefined;
  for (let count = 0; isExtension(header.protocol); count++) {
    const kind = header.protocol;
    const at = header.payload;
    // RFC 8200 §4.1: hop-by-hop options stand right behind the IPv6 header or nowhere.
    const misplaced = kind === HOP_BY_HOP && count > 0;
    if (count === MAX_EXTENSION_HEADERS || at + 8 > end || misplaced) {
      return problem ?? "ip.extension headers";
    }
    const length = kind === FRAGMENT ? 8 : (view.getUint8(at + 1) + 1) * 8;
    if (at + length > end || at + length - first > MAX_EXTENSION_OCTETS) {
      return problem ?? "ip.extension headers";
    }
    problem ??= headerProblem(view, kind, at, length, header);
    header.protocol = view.getUint8(at);
    header.protocolAt = at;
    header.payload = at + length;
    header.payloadLength = end - header.payload;
    if (kind === FRAGMENT) {
      readFragment(view, at, header);
      if (header.fragmentOffset > 0 || header.moreFragments) return problem;
    }
  }
  if (problem !== undefined) return problem;
  return header.protocol === NO_NEXT_HEADER ? "ip.no next header" : undefined;
}

function readFragment(view: DataView, at: number, header: IpHeader): void {
  const word = view.getUint16(at + 2);
  header.fragmentOffset = word & 0xfff8;
  header.moreFragments = (word & 1) !== 0;
  header.identification = view.getUint32(at + 4);
}

function headerProblem(
  view: DataView,
  kind: number,
  at: number,
  length: number,
  header: IpHeader,
): Malformed | undefined {
  if (kind === FRAGMENT) return undefined;
  if (kind !== ROUTING) return optionProblem(view, at + 2, at + length, header);
  // RFC 8200 §4.4: what has no segments left is skipped, whatever its type.
  if (view.getUint8(at + 3) === 0) return undefined;
  header.problemAt = at + 2;
  return "ip.routing header";
}

/** RFC 8200 §4.2: the two upper bits of an option's type tell what becomes of a packet whose receiver does not know it. */
function optionProblem(
  view: DataView,
  start: number,
  end: number,
  header: IpHeader,
): Malformed | undefined {
  for (let at = start; at < end;) {
    const type = view.getUint8(at);
    if (type === PAD1) {
      at++;
      continue;
    }
    const length = at + 1 < end ? 2 + view.getUint8(at + 1) : 2;
    if (at + length > end) return "ip.extension headers";
    const action = type >> 6;
    header.problemAt = at;
    if (action === 1) return "ip.option";
    if (action === 2) return "ip.option reported";
    if (action === 3) {
      return type === JUMBO_PAYLOAD
        ? "ip.jumbo"
        : "ip.option reported to unicast";
    }
    at += length;
  }
  return undefined;
}
