import { onesComplementSum } from "./checksum.ts";
import type { IpHeader, Malformed } from "./ip_header.ts";

export const IPV4_HEADER = 20;

const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

const LOOSE_SOURCE_ROUTE = 131;
const STRICT_SOURCE_ROUTE = 137;

/** Largest total length. */
export const IPV4_MAX = 65_535;

/**
 * Reads the header of an IPv4 packet of `length` octets at `start` into `header`. Surplus octets behind the total length are
 * not part of the payload. RFC 791 §3.1, RFC 1122 §3.2.1.
 */
export function parseIpv4(
  view: DataView,
  start: number,
  length: number,
  header: IpHeader,
): Malformed | undefined {
  if (length < IPV4_HEADER) return "ip.length";
  const headerLength = (view.getUint8(start) & 0x0f) * 4;
  const total = view.getUint16(start + TOTAL_LENGTH);
  if (headerLength < IPV4_HEADER || headerLength > total) return "ip.header";
  if (total > length) return "ip.length";
  if (onesComplementSum(view, start, headerLength) !== 0xffff) {
    return "ip.checksum";
  }
  if (headerLength > IPV4_HEADER && hasSourceRoute(view, start, headerLength)) {
    return "ip.source route";
  }
  const fragment = view.getUint16(start + FRAGMENT);
  header.version = 4;
  header.addressLength = 4;
  header.source = start + SOURCE;
  header.destination = start + DESTINATION;
  header.protocol = view.getUint8(start + PROTOCOL);
  header.protocolAt = start + PROTOCOL;
  header.payload = start + headerLength;
  header.payloadLength = total - headerLength;
  header.fragmentOffset = (fragment & OFFSET_MASK) * 8;
  header.moreFragments = (fragment & MORE_FRAGMENTS) !== 0;
  header.identification = view.getUint16(start + IDENTIFICATION);
  return undefined;
}

export interface Ipv4Fields {
  /** Octets of payload behind the header. */
  readonly payloadLength: number;
  readonly protocol: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  /** Both default to an unfragmented packet; the offset counts octets and is a multiple of 8. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
}

/** Writes everything but the addresses, which the caller puts at `start + 12`; then call `sealIpv4`. */
export function putIpv4(
  view: DataView,
  start: number,
  fields: Ipv4Fields,
): void {
  view.setUint16(start, 0x4500);
  view.setUint16(start + TOTAL_LENGTH, IPV4_HEADER + fields.payloadLength);
  view.setUint16(start + IDENTIFICATION, fields.identification);
  view.setUint16(
    start + FRAGMENT,
    (fields.dontFragment ? DONT_FRAGMENT : 0) |
      (fields.moreFragments ? MORE_FRAGMENTS : 0) |
      ((fields.fragmentOffset ?? 0) >> 3),
  );
  view.setUint8(start + TTL, 64);
  view.setUint8(start + PROTOCOL, fields.protocol);
}

/** Fills in the header checksum of a header without options. */
export function sealIpv4(view: DataView, start: number): void {
  view.setUint16(start + CHECKSUM, 0);
  view.setUint16(
    start + CHECKSUM,
    ~onesComplementSum(view, start, IPV4_HEADER),
  );
}

/** RFC 7126 §4.3, §4.4: packets with a source route are dropped. Other options are skipped. */
function hasSourceRoute(
  view: DataView,
  start: number,
  headerLength: number,
): boolean {
  const end = start + headerLength;
  for (let at = start + IPV4_HEADER; at < end;) {
    const type = view.getUint8(at);
    if (type === 0) return false;
    if (type === LOOSE_SOURCE_ROUTE || type === STRICT_SOURCE_ROUTE) {
      return true;
    }
    const length = type === 1 ? 1 : at + 1 < end ? view.getUint8(at + 1) : 0;
    if (length === 0 || (type !== 1 && length < 2)) return false;
    at += length;
  }
  return false;
}
