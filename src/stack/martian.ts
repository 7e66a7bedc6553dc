import type { IpHeader } from "../wire/ip_header.ts";
import type { DropReason } from "./drops.ts";

/**
 * Why a packet with these addresses is dropped without a word; undefined for those that two hosts may exchange.
 * RFC 1122 §3.2.1.3, RFC 4291 §2.5, §2.7. `broadcasts` are directed broadcast addresses as signed 32-bit integers.
 */
export function addressProblem(
  view: DataView,
  ip: IpHeader,
  broadcasts: ReadonlySet<number>,
): DropReason | undefined {
  return ip.version === 4
    ? ipv4Problem(view, ip, broadcasts)
    : ipv6Problem(view, ip);
}

function ipv4Problem(
  view: DataView,
  ip: IpHeader,
  broadcasts: ReadonlySet<number>,
): DropReason | undefined {
  const from = view.getUint8(ip.source);
  const to = view.getUint8(ip.destination);
  // 0/8, 127/8; 224/4 and 240/4 as a source.
  if (from === 0 || from === 127 || from >= 224) return "ip.martian";
  if (to === 0 || to === 127) return "ip.martian";
  if (to >= 224) return "ip.multicast";
  return broadcasts.has(view.getInt32(ip.destination))
    ? "ip.multicast"
    : undefined;
}

function ipv6Problem(view: DataView, ip: IpHeader): DropReason | undefined {
  if (view.getUint8(ip.destination) === 0xff) return "ip.multicast";
  if (view.getUint8(ip.source) === 0xff) return "ip.martian";
  return isSpecial(view, ip.source) || isSpecial(view, ip.destination)
    ? "ip.martian"
    : undefined;
}

/** ::, ::1, or IPv4-mapped. */
function isSpecial(view: DataView, at: number): boolean {
  if (view.getInt32(at) !== 0 || view.getInt32(at + 4) !== 0) return false;
  const third = view.getInt32(at + 8);
  return third === 0xffff || (third === 0 && view.getUint32(at + 12) <= 1);
}
