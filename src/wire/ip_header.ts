/** Why a packet could not be read. Counted by name, never thrown. */
export type Malformed =
  | "ip.version"
  | "ip.length"
  | "ip.header"
  | "ip.checksum"
  | "ip.source route"
  | "ip.extension headers"
  | "ip.jumbo"
  /** RFC 8200 §4.2: an unknown option that says "discard". */
  | "ip.option"
  /** Like that, and "tell the sender"; or only one that sent to one host. */
  | "ip.option reported"
  | "ip.option reported to unicast"
  /** RFC 8200 §4.4, RFC 5095: a routing header that somebody should go on from. */
  | "ip.routing header"
  | "ip.no next header";

/** Protocol numbers and IPv6 next headers. */
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

/**
 * What an IP header says, IPv4 or IPv6. One record is filled again and again; offsets count from the start of the view.
 * `source` and `destination` stand one behind the other.
 */
export interface IpHeader {
  version: 4 | 6;
  /** Octets per address. */
  addressLength: 4 | 16;
  source: number;
  destination: number;
  /** The transport's protocol number, extension headers skipped. */
  protocol: number;
  /** Where the octet stands that names it. */
  protocolAt: number;
  /** Where the octet stands that `Malformed` is about, when it is about one. */
  problemAt: number;
  /** Where the payload starts, and its length in octets; a fragment's piece of it. */
  payload: number;
  payloadLength: number;
  /** In octets; 0 with `moreFragments` false means not a fragment. */
  fragmentOffset: number;
  moreFragments: boolean;
  /** 16 bits (IPv4) or 32 bits (IPv6); meaningful in a fragment only. */
  identification: number;
}

export function createIpHeader(): IpHeader {
  return {
    version: 4,
    addressLength: 4,
    source: 0,
    destination: 0,
    protocol: 0,
    protocolAt: 0,
    problemAt: 0,
    payload: 0,
    payloadLength: 0,
    fragmentOffset: 0,
    moreFragments: false,
    identification: 0,
  };
}
