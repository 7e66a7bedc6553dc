/** The header shared by every ICMP and ICMPv6 message. RFC 792, RFC 4443 §2.1. */
export const ICMP_HEADER = 8;
export const ICMP_CHECKSUM = 2;

export const ECHO_REPLY = 0;
export const UNREACHABLE = 3;
export const ECHO_REQUEST = 8;
export const TIME_EXCEEDED = 11;

export const UNREACHABLE_V6 = 1;
export const PACKET_TOO_BIG_V6 = 2;
export const TIME_EXCEEDED_V6 = 3;
export const PARAMETER_PROBLEM_V6 = 4;
export const ECHO_REQUEST_V6 = 128;
export const ECHO_REPLY_V6 = 129;

/** RFC 792 "Destination Unreachable", RFC 1812 §5.2.7.1. */
export const HOST_UNREACHABLE = 1;
export const PORT_UNREACHABLE = 3;
/** Its last two octets are the next hop's MTU, or zero. RFC 1191 §4. */
export const FRAGMENTATION_NEEDED = 4;
export const ADMINISTRATIVELY_PROHIBITED = 13;

/** RFC 4443 §3.1. */
export const ADMINISTRATIVELY_PROHIBITED_V6 = 1;
export const ADDRESS_UNREACHABLE_V6 = 3;
export const PORT_UNREACHABLE_V6 = 4;

/** Code of "Time Exceeded" in both versions: of reassembly. RFC 792, RFC 4443 §3.3. */
export const REASSEMBLY_TIME_EXCEEDED = 1;

/** Codes of "Parameter Problem", RFC 4443 §3.4, RFC 7112 §5; the pointer behind them counts from the packet's first octet. */
export const ERRONEOUS_FIELD = 0;
export const UNRECOGNIZED_NEXT_HEADER = 1;
export const UNRECOGNIZED_OPTION = 2;
export const INCOMPLETE_HEADER_CHAIN = 3;

/** RFC 1812 §4.3.2.3: an error quotes as much of the original as fits into 576 octets in all. */
export const ICMP_ERROR_MAX = 576;
/** RFC 4443 §2.4 (c): as much as fits into the minimum IPv6 MTU. */
export const ICMPV6_ERROR_MAX = 1280;

/** Writes type, code, a zero checksum and the four octets behind it: a pointer, or nothing. */
export function putIcmpError(
  view: DataView,
  offset: number,
  type: number,
  code: number,
  parameter: number = 0,
): void {
  view.setUint32(offset, (type << 24) | (code << 16));
  view.setUint32(offset + 4, parameter);
}

/** Whether a message of this type is an error, about which no error may be sent. RFC 1122 §3.2.2, RFC 4443 §2.4 (e). */
export function isIcmpError(version: 4 | 6, type: number): boolean {
  if (version === 6) return type < 128;
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}
