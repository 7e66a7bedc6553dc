import { type Address, formatAddress } from "../wire/address.ts";
import type { RouteEntry } from "./routes.ts";

/**
 * bsd/net/route.h: struct rt_msghdr { u_short rtm_msglen; u_char rtm_version, rtm_type; u_short rtm_index; int rtm_flags,
 * rtm_addrs; pid_t rtm_pid; int rtm_seq, rtm_errno, rtm_use; u_int32_t rtm_inits; struct rt_metrics rtm_rmx; }
 */
const RT_MSGHDR = { size: 92, index: 4, flags: 8, addrs: 12 } as const;
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_HOST = 0x4;
const RTF_REJECT = 0x8;
const RTF_BLACKHOLE = 0x1000;
const RTF_WASCLONED = 0x20000;
const RTF_IFSCOPE = 0x1000000;
const RTA_DST = 0x1;
const RTA_GATEWAY = 0x2;
const RTA_NETMASK = 0x4;

const AF_INET = 2;
const AF_INET6 = 30;

/** Above that of a route that counts for every socket: a scoped one counts for sockets that are bound to its interface. */
const SCOPED_METRIC = 1000;

/** What sysctl(CTL_NET, PF_ROUTE, 0, family, NET_RT_DUMP, 0) answers. `nameOf` knows interfaces by their index. */
export function parseRouteDump(
  dump: Uint8Array,
  nameOf: (index: number) => string | undefined,
): RouteEntry[] {
  const view = new DataView(dump.buffer, dump.byteOffset, dump.byteLength);
  const routes: RouteEntry[] = [];
  for (let at = 0; at + RT_MSGHDR.size <= dump.length;) {
    const length = view.getUint16(at, true);
    if (length < RT_MSGHDR.size || at + length > dump.length) break;
    const message = dump.subarray(at, at + length);
    routes.push(...parseRoute(message, nameOf));
    at += length;
  }
  return routes;
}

function parseRoute(
  message: Uint8Array,
  nameOf: (index: number) => string | undefined,
): RouteEntry[] {
  const view = new DataView(message.buffer, message.byteOffset);
  const flags = view.getInt32(RT_MSGHDR.flags, true);
  const name = nameOf(view.getUint16(RT_MSGHDR.index, true));
  const unfit = RTF_REJECT | RTF_BLACKHOLE | RTF_WASCLONED;
  if ((flags & RTF_UP) === 0 || (flags & unfit) !== 0 || name === undefined) {
    return [];
  }
  const addrs = view.getInt32(RT_MSGHDR.addrs, true);
  const parts = splitSockaddrs(message.subarray(RT_MSGHDR.size), addrs);
  const address = addressIn(parts.get(RTA_DST));
  if (address === undefined) return [];
  const length = (flags & RTF_HOST) !== 0
    ? address.length * 8
    : maskLength(parts.get(RTA_NETMASK), address.length);
  const gateway = (flags & RTF_GATEWAY) === 0
    ? undefined
    : addressIn(parts.get(RTA_GATEWAY));
  return [{
    prefix: { address, length },
    ...(gateway === undefined ? {} : { gateway: formatAddress(gateway) }),
    interface: name,
    metric: (flags & RTF_IFSCOPE) === 0 ? 0 : SCOPED_METRIC,
  }];
}

/** Each stands at a multiple of 4 octets and begins with its length, of which 0 means an empty one. */
function splitSockaddrs(
  octets: Uint8Array,
  addrs: number,
): ReadonlyMap<number, Uint8Array> {
  const parts = new Map<number, Uint8Array>();
  let at = 0;
  for (let bit = 1; bit <= RTA_NETMASK; bit <<= 1) {
    if ((addrs & bit) === 0) continue;
    const length = octets[at] ?? 0;
    parts.set(bit, octets.subarray(at, at + length));
    at += length === 0 ? 4 : (length + 3) & ~3;
  }
  return parts;
}

/** struct sockaddr_in has its address at 4, struct sockaddr_in6 at 8. Trailing zeros may be cut off. */
function addressIn(sockaddr: Uint8Array | undefined): Address | undefined {
  switch (sockaddr?.[1]) {
    case AF_INET:
      return padded(sockaddr.subarray(4), 4);
    case AF_INET6:
      return withoutScope(padded(sockaddr.subarray(8), 16));
    default:
      return undefined;
  }
}

/** A mask has no family that one could rely on, and ends with its last octet that is not 0. */
function maskLength(mask: Uint8Array | undefined, octets: number): number {
  const from = octets === 4 ? 4 : 8;
  const bits = [...padded(mask?.subarray(from) ?? new Uint8Array(), octets)]
    .map((octet) => octet.toString(2).padStart(8, "0")).join("");
  const end = bits.indexOf("0");
  return end < 0 ? bits.length : end;
}

function padded(octets: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(octets.subarray(0, length));
  return result;
}

/** The kernel writes the interface's index into link-local addresses (KAME's way). */
function withoutScope(address: Address): Address {
  if (address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80) {
    address.fill(0, 2, 4);
  }
  return address;
}
