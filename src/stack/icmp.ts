import { onesComplementSum, pseudoHeaderSum } from "../wire/checksum.ts";
import {
  ECHO_REPLY,
  ECHO_REPLY_V6,
  ECHO_REQUEST,
  ECHO_REQUEST_V6,
  FRAGMENTATION_NEEDED,
  ICMP_CHECKSUM,
  ICMP_HEADER,
  isIcmpError,
  PACKET_TOO_BIG_V6,
  PORT_UNREACHABLE,
  PORT_UNREACHABLE_V6,
  UNREACHABLE,
  UNREACHABLE_V6,
} from "../wire/icmp.ts";
import { ICMPV6, type IpHeader, TCP, UDP } from "../wire/ip_header.ts";
import { IPV4_HEADER } from "../wire/ipv4.ts";
import { IPV6_HEADER } from "../wire/ipv6.ts";
import {
  createFlowKey,
  type FlowKey,
  localEndpoint,
  readFlowKey,
} from "./flow_key.ts";
import type { DropReason } from "./drops.ts";
import type { Output } from "./output.ts";

/** What of a packet of ours an ICMP error brings back. */
export interface QuotedPacket {
  /** Of the flow it belongs to. */
  readonly key: FlowKey;
  /** SEG.SEQ of TCP; of no meaning for others. */
  readonly seq: number;
  /** Octets of the whole packet, as its IP header has it. */
  readonly length: number;
}

/** Whose echo requests are answered: nobody's, those to the gateway's addresses, or those to any address. */
export type EchoPolicy = "off" | "gateway" | "all";

/** What the stack learns from ICMP errors. None of them is believed more than its quoted packet proves. */
export interface IcmpListener {
  /** RFC 1191, RFC 8201; `mtu` is 0 where a router does not tell. */
  tcpTooBig(quoted: QuotedPacket, mtu: number): void;
  /** The application's socket is gone. */
  udpPortUnreachable(quoted: QuotedPacket): void;
}

export interface IcmpInputOptions {
  readonly output: Output;
  readonly echo: () => EchoPolicy;
  /** As `wire/address.ts` formats them. */
  readonly gateways: ReadonlySet<string>;
  readonly listener: IcmpListener;
}

/**
 * Answers echo requests as its policy says, hands on the errors that change something, and leaves
 * everything else unanswered (RFC 6918). RFC 792, RFC 4443 §4. All other errors are soft ones (RFC 5927 §4): they change
 * nothing.
 */
export class IcmpInput {
  readonly #options: IcmpInputOptions;
  readonly #key = createFlowKey();

  constructor(options: IcmpInputOptions) {
    this.#options = options;
  }

  /** Reads an ICMP or ICMPv6 message; undefined when it was of use. */
  receive(
    view: DataView,
    octets: Uint8Array,
    ip: IpHeader,
  ): DropReason | undefined {
    if (ip.payloadLength < ICMP_HEADER || !hasGoodChecksum(view, ip)) {
      return "icmp.ignored";
    }
    return isIcmpError(ip.version, view.getUint8(ip.payload))
      ? this.#receiveError(view, ip)
      : this.#answerEcho(view, octets, ip);
  }

  #answerEcho(
    view: DataView,
    octets: Uint8Array,
    ip: IpHeader,
  ): DropReason | undefined {
    const { payload, payloadLength } = ip;
    const type = view.getUint8(payload);
    const code = view.getUint8(payload + 1);
    const request = ip.version === 4 ? ECHO_REQUEST : ECHO_REQUEST_V6;
    if (type !== request || code !== 0) return "icmp.ignored";
    readFlowKey(this.#key, view, ip, 0, 0);
    if (!this.#isAnswered(this.#key)) return "icmp.ignored";
    const message = octets.subarray(payload, payload + payloadLength);
    const reply = ip.version === 4 ? ECHO_REPLY : ECHO_REPLY_V6;
    this.#options.output.queueIcmp(
      this.#key,
      payloadLength,
      (into, at, bytes) => {
        bytes.set(message, at);
        into.setUint8(at, reply);
        into.setUint16(at + ICMP_CHECKSUM, 0);
      },
    );
    return undefined;
  }

  #isAnswered(key: FlowKey): boolean {
    const { echo, gateways } = this.#options;
    const policy = echo();
    return policy === "all" ||
      (policy === "gateway" && gateways.has(localEndpoint(key).host));
  }

  #receiveError(view: DataView, ip: IpHeader): DropReason | undefined {
    const type = view.getUint8(ip.payload);
    const code = view.getUint8(ip.payload + 1);
    const v4 = ip.version === 4;
    const tooBig = v4
      ? type === UNREACHABLE && code === FRAGMENTATION_NEEDED
      : type === PACKET_TOO_BIG_V6;
    const portUnreachable = v4
      ? type === UNREACHABLE && code === PORT_UNREACHABLE
      : type === UNREACHABLE_V6 && code === PORT_UNREACHABLE_V6;
    if (!tooBig && !portUnreachable) return "icmp.soft error";
    const protocol = tooBig ? TCP : UDP;
    const quoted = readQuoted(view, ip, protocol, this.#key);
    if (quoted === undefined) return "icmp.soft error";
    if (portUnreachable) {
      this.#options.listener.udpPortUnreachable(quoted);
    } else {
      const mtu = v4
        ? view.getUint16(ip.payload + 6)
        : view.getUint32(ip.payload + 4);
      this.#options.listener.tcpTooBig(quoted, mtu);
    }
    return undefined;
  }
}

/** The quoted packet when it carries `protocol` and its source is the one that the error went to; it fills `key`. */
function readQuoted(
  view: DataView,
  ip: IpHeader,
  protocol: number,
  key: FlowKey,
): QuotedPacket | undefined {
  const at = ip.payload + ICMP_HEADER;
  const room = ip.payloadLength - ICMP_HEADER;
  const v4 = ip.version === 4;
  if (room < (v4 ? IPV4_HEADER : IPV6_HEADER)) return undefined;
  const first = view.getUint8(at);
  const headerLength = v4 ? (first & 0x0f) * 4 : IPV6_HEADER;
  const sane = first >> 4 === ip.version &&
    headerLength >= (v4 ? IPV4_HEADER : IPV6_HEADER) &&
    headerLength + QUOTED_TRANSPORT <= room &&
    view.getUint8(at + (v4 ? 9 : 6)) === protocol &&
    (!v4 || (view.getUint16(at + 6) & 0x1fff) === 0);
  if (!sane) return undefined;
  const source = at + (v4 ? 12 : 8);
  for (let i = 0; i < ip.addressLength; i += 4) {
    if (view.getInt32(source + i) !== view.getInt32(ip.destination + i)) {
      return undefined;
    }
  }
  const transport = at + headerLength;
  // Our packet went from the flow's local end to its remote one.
  readFlowKey(
    key,
    view,
    {
      addressLength: ip.addressLength,
      source: source + ip.addressLength,
      destination: source,
    },
    view.getUint16(transport + 2),
    view.getUint16(transport),
  );
  return {
    key,
    seq: view.getInt32(transport + 4),
    length: v4 ? view.getUint16(at + 2) : IPV6_HEADER + view.getUint16(at + 4),
  };
}

/** RFC 792: every error brings back eight octets of the transport, which hold ports and TCP's sequence number. */
const QUOTED_TRANSPORT = 8;

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
