import { onesComplementSum, pseudoHeaderSum } from "../wire/checksum.ts";
import {
  ADDRESS_UNREACHABLE_V6,
  ADMINISTRATIVELY_PROHIBITED,
  ADMINISTRATIVELY_PROHIBITED_V6,
  ECHO_REPLY,
  ECHO_REPLY_V6,
  ECHO_REQUEST,
  ECHO_REQUEST_V6,
  HOST_UNREACHABLE,
  ICMP_CHECKSUM,
  ICMP_ERROR_MAX,
  ICMP_HEADER,
  ICMPV6_ERROR_MAX,
  PORT_UNREACHABLE,
  PORT_UNREACHABLE_V6,
  putIcmpError,
  UNREACHABLE,
  UNREACHABLE_V6,
} from "../wire/icmp.ts";
import { ICMPV6, type IpHeader } from "../wire/ip_header.ts";
import { IPV4_HEADER, putIpv4, sealIpv4 } from "../wire/ipv4.ts";
import { IPV6_HEADER, putIpv6 } from "../wire/ipv6.ts";
import {
  createFlowKey,
  type FlowKey,
  isIpv4,
  localEndpoint,
  putRequestAddresses,
  readFlowKey,
} from "./flow_key.ts";
import type { DropReason } from "./drops.ts";
import type { Output } from "./output.ts";

/** How the stack turns something down: RST or port unreachable, host unreachable, administratively prohibited, or not at all. */
export type Refusal = "refused" | "unreachable" | "prohibited" | "silent";

/** What an error is about. */
export interface Quoted {
  readonly protocol: number;
  /** Its transport header and what follows, as the application sent it. */
  readonly octets: Uint8Array;
}

const CODES = {
  4: {
    refused: PORT_UNREACHABLE,
    unreachable: HOST_UNREACHABLE,
    prohibited: ADMINISTRATIVELY_PROHIBITED,
  },
  6: {
    refused: PORT_UNREACHABLE_V6,
    unreachable: ADDRESS_UNREACHABLE_V6,
    prohibited: ADMINISTRATIVELY_PROHIBITED_V6,
  },
} as const;

/** Queues "destination unreachable" from the address that the application talks to. RFC 792, RFC 4443 §3.1. */
export function queueUnreachable(
  output: Output,
  key: FlowKey,
  refusal: Exclude<Refusal, "silent">,
  quoted: Quoted,
): void {
  const version = isIpv4(key) ? 4 : 6;
  const ipHeader = version === 4 ? IPV4_HEADER : IPV6_HEADER;
  const most = version === 4 ? ICMP_ERROR_MAX : ICMPV6_ERROR_MAX;
  const room = most - ipHeader - ICMP_HEADER - ipHeader;
  const octets = quoted.octets.subarray(0, room);
  const type = version === 4 ? UNREACHABLE : UNREACHABLE_V6;
  const length = ICMP_HEADER + ipHeader + octets.length;
  output.queueIcmp(key, length, (view, at, bytes) => {
    putIcmpError(view, at, type, CODES[version][refusal]);
    putQuotedHeader(view, at + ICMP_HEADER, key, quoted);
    bytes.set(octets, at + ICMP_HEADER + ipHeader);
  });
}

/** The IP header in front of what is quoted, as the application's packet had it (RFC 1122 §3.2.2), but for its identification. */
function putQuotedHeader(
  view: DataView,
  at: number,
  key: FlowKey,
  { protocol, octets }: Quoted,
): void {
  if (isIpv4(key)) {
    putIpv4(view, at, {
      payloadLength: octets.length,
      protocol,
      identification: 0,
      dontFragment: false,
    });
    putRequestAddresses(key, view, at + 12);
    sealIpv4(view, at);
  } else {
    putIpv6(view, at, { payloadLength: octets.length, nextHeader: protocol });
    putRequestAddresses(key, view, at + 8);
  }
}

/** Answers echo requests to the addresses that are the gateway's, and leaves everything else unanswered. RFC 792, RFC 4443 §4. */
export class Echo {
  readonly #output: Output;
  /** As `wire/address.ts` formats them. */
  readonly #gateways: ReadonlySet<string>;
  readonly #key = createFlowKey();

  constructor(output: Output, gateways: ReadonlySet<string>) {
    this.#output = output;
    this.#gateways = gateways;
  }

  /** Reads an ICMP or ICMPv6 message; undefined when it was answered. */
  receive(
    view: DataView,
    octets: Uint8Array,
    ip: IpHeader,
  ): DropReason | undefined {
    const { payload, payloadLength } = ip;
    if (payloadLength < ICMP_HEADER || !hasGoodChecksum(view, ip)) {
      return "icmp.ignored";
    }
    const type = view.getUint8(payload);
    const code = view.getUint8(payload + 1);
    const request = ip.version === 4 ? ECHO_REQUEST : ECHO_REQUEST_V6;
    if (type !== request || code !== 0) return "icmp.ignored";
    readFlowKey(this.#key, view, ip, 0, 0);
    if (!this.#gateways.has(localEndpoint(this.#key).host)) {
      return "icmp.ignored";
    }
    const message = octets.subarray(payload, payload + payloadLength);
    const reply = ip.version === 4 ? ECHO_REPLY : ECHO_REPLY_V6;
    this.#output.queueIcmp(this.#key, payloadLength, (into, at, bytes) => {
      bytes.set(message, at);
      into.setUint8(at, reply);
      into.setUint16(at + ICMP_CHECKSUM, 0);
    });
    return undefined;
  }
}

function hasGoodChecksum(view: DataView, ip: IpHeader): boolean {
  const pseudo = ip.protocol === ICMPV6
    ? pseudoHeaderSum(
      view,
      ip.source,
      ip.addressLength,
      ip.protocol,
      ip.payloadLength,
    )
    : 0;
  const sum = onesComplementSum(view, ip.payload, ip.payloadLength, pseudo);
  return sum === 0xffff;
}
