/** The header shared by every ICMP and ICMPv6 message. RFC 792, RFC 4443 §2.1. */
export const ICMP_HEADER = 8;
export const ICMP_CHECKSUM = 2;

export const ECHO_REPLY = 0;
export const UNREACHABLE = 3;
export const ECHO_REQUEST = 8;
export const TIME_EXCEEDED = 11;

export const UNREACHABLE_V6 = 1;
export const TIME_EXCEEDED_V6 = 3;
export const ECHO_REQUEST_V6 = 128;
export const ECHO_REPLY_V6 = 129;

/** RFC 792 "Destination Unreachable", RFC 1812 §5.2.7.1. */
export const HOST_UNREACHABLE = 1;
export const PORT_UNREACHABLE = 3;
export const ADMINISTRATIVELY_PROHIBITED = 13;

/** RFC 4443 §3.1. */
export const ADMINISTRATIVELY_PROHIBITED_V6 = 1;
export const ADDRESS_UNREACHABLE_V6 = 3;
export const PORT_UNREACHABLE_V6 = 4;

/** RFC 1812 §4.3.2.3: an error quotes as much of the original as fits into 576 octets in all. */
export const ICMP_ERROR_MAX = 576;
/** RFC 4443 §2.4 (c): as much as fits into the minimum IPv6 MTU. */
export const ICMPV6_ERROR_MAX = 1280;

/** Writes type, code and four unused octets, with a zero checksum. */
export function putIcmpError(
  view: DataView,
  offset: number,
  type: number,
  code: number,
): void {
  view.setUint32(offset, (type << 24) | (code << 16));
  view.setUint32(offset + 4, 0);
}

/** Whether a message of this type is an error, about which no error may be sent. RFC 1122 §3.2.2, RFC 4443 §2.4 (e). */
export function isIcmpError(version: 4 | 6, type: number): boolean {
  if (version === 6) return type < 128;
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}
