import type { Millis } from "../base/clock.ts";
import { parseAddress } from "../wire/address.ts";
import {
  ERRONEOUS_FIELD,
  INCOMPLETE_HEADER_CHAIN,
  isIcmpError,
  PARAMETER_PROBLEM_V6,
  REASSEMBLY_TIME_EXCEEDED,
  TIME_EXCEEDED,
  TIME_EXCEEDED_V6,
  UNRECOGNIZED_NEXT_HEADER,
  UNRECOGNIZED_OPTION,
} from "../wire/icmp.ts";
import {
  createIpHeader,
  ICMP,
  ICMPV6,
  type IpHeader,
  type Malformed,
} from "../wire/ip_header.ts";
import { IPV6_HEADER, parseIpv6 } from "../wire/ipv6.ts";
import { parseIpv4 } from "../wire/ipv4.ts";
import type { PacketBuffer } from "../wire/packet_buffer.ts";
import { createFlowKey, makeFlowKey, readFlowKey } from "./flow_key.ts";
import type { IcmpError, IcmpErrors } from "./icmp_errors.ts";
import { addressProblem } from "./martian.ts";
import type { FragmentProblem } from "./reassembly.ts";

/** Where the payload length stands in an IPv6 header, and the offset in a fragment header. */
const PAYLOAD_LENGTH = 4;
const FRAGMENT_OFFSET = 2;
const FRAGMENT_HEADER = 8;

const NO_BROADCASTS: ReadonlySet<number> = new Set();

/** Tells the sender what is wrong with the IP layer of its packet, where an RFC wants that. IPv4 wants it of nothing but time. */
export class IpErrors {
  readonly #errors: IcmpErrors;
  /** Speaks for packets to a multicast address. */
  readonly #gateway: Uint8Array | undefined;
  readonly #key = createFlowKey();
  readonly #ip = createIpHeader();

  constructor(errors: IcmpErrors, gateways: ReadonlySet<string>) {
    this.#errors = errors;
    for (const gateway of gateways) {
      const address = parseAddress(gateway);
      if (address?.length === 16) this.#gateway = address;
    }
  }

  /** RFC 8200 §4.2, §4.4. */
  malformed(
    packet: PacketBuffer,
    ip: IpHeader,
    what: Malformed,
    now: Millis,
  ): void {
    const code = what === "ip.option reported" ||
        what === "ip.option reported to unicast"
      ? UNRECOGNIZED_OPTION
      : what === "ip.routing header"
      ? ERRONEOUS_FIELD
      : undefined;
    if (code === undefined) return;
    const parameter = ip.problemAt - packet.start;
    const error = { type: PARAMETER_PROBLEM_V6, code, parameter };
    // RFC 4443 §2.4 (e.3): this option's error alone answers a multicast too.
    this.#report(packet, ip, error, now, what === "ip.option reported");
  }

  /** RFC 8200 §4, RFC 4443 §3.4. */
  unknownProtocol(packet: PacketBuffer, ip: IpHeader, now: Millis): void {
    if (ip.version === 4) return;
    const error = {
      type: PARAMETER_PROBLEM_V6,
      code: UNRECOGNIZED_NEXT_HEADER,
      parameter: ip.protocolAt - packet.start,
    };
    this.#report(packet, ip, error, now);
  }

  /** RFC 8200 §4.5, RFC 7112 §5. */
  fragment(
    packet: PacketBuffer,
    ip: IpHeader,
    problem: FragmentProblem,
    now: Millis,
  ): void {
    if (ip.version === 4 || problem === "empty") return;
    const code = problem === "header chain"
      ? INCOMPLETE_HEADER_CHAIN
      : ERRONEOUS_FIELD;
    const offset = ip.payload - FRAGMENT_HEADER + FRAGMENT_OFFSET;
    const parameter = problem === "length"
      ? PAYLOAD_LENGTH
      : problem === "offset"
      ? offset - packet.start
      : 0;
    this.#report(
      packet,
      ip,
      { type: PARAMETER_PROBLEM_V6, code, parameter },
      now,
    );
  }

  /** `first` is the start of the packet that held the first fragment. */
  reassemblyTimeout(first: Uint8Array, now: Millis): void {
    const view = new DataView(first.buffer, first.byteOffset, first.length);
    const ip = this.#ip;
    const v4 = view.getUint8(0) >> 4 === 4;
    // It was read before, but may be cut now: only addresses and protocol are of use.
    if (v4) parseIpv4(view, 0, view.getUint16(2), ip);
    else parseIpv6(view, 0, IPV6_HEADER + view.getUint16(4), ip);
    if (isAboutError(view, ip)) return;
    const type = v4 ? TIME_EXCEEDED : TIME_EXCEEDED_V6;
    readFlowKey(this.#key, view, ip, 0, 0);
    const error = { type, code: REASSEMBLY_TIME_EXCEEDED };
    this.#errors.about(first, this.#key, error, now);
  }

  /** RFC 4443 §2.4 (e): nothing about errors, nor to or from addresses that are not one host's. */
  #report(
    { bytes, view, start, length }: PacketBuffer,
    ip: IpHeader,
    error: IcmpError,
    now: Millis,
    multicastToo = false,
  ): void {
    const problem = addressProblem(view, ip, NO_BROADCASTS);
    const multicast = problem === "ip.multicast";
    if (isAboutError(view, ip) || (problem !== undefined && !multicast)) return;
    readFlowKey(this.#key, view, ip, 0, 0);
    const packet = bytes.subarray(start, start + length);
    if (!multicast) {
      this.#errors.about(packet, this.#key, error, now);
    } else if (multicastToo && this.#gateway !== undefined) {
      const source = bytes.slice(ip.source, ip.source + ip.addressLength);
      const key = makeFlowKey(
        { address: source, port: 0 },
        { address: this.#gateway, port: 0 },
      );
      this.#errors.about(packet, key, error, now);
    }
  }
}

/** RFC 1122 §3.2.2, RFC 4443 §2.4 (e.1). */
function isAboutError(view: DataView, ip: IpHeader): boolean {
  const isIcmp = ip.protocol === (ip.version === 4 ? ICMP : ICMPV6);
  if (!isIcmp || ip.fragmentOffset > 0) return false;
  return ip.payload >= view.byteLength ||
    isIcmpError(ip.version, view.getUint8(ip.payload));
}
