import type { Millis } from "../base/clock.ts";
import {
  ADDRESS_UNREACHABLE_V6,
  ADMINISTRATIVELY_PROHIBITED,
  ADMINISTRATIVELY_PROHIBITED_V6,
  HOST_UNREACHABLE,
  ICMP_ERROR_MAX,
  ICMP_HEADER,
  ICMPV6_ERROR_MAX,
  PORT_UNREACHABLE,
  PORT_UNREACHABLE_V6,
  putIcmpError,
  UNREACHABLE,
  UNREACHABLE_V6,
} from "../wire/icmp.ts";
import { IPV4_HEADER, putIpv4, sealIpv4 } from "../wire/ipv4.ts";
import { IPV6_HEADER, putIpv6 } from "../wire/ipv6.ts";
import type { Drops } from "./drops.ts";
import {
  type FlowKey,
  isIpv4,
  putRequestAddresses,
  remoteHash,
} from "./flow_key.ts";
import type { Output } from "./output.ts";
import { RateLimit } from "./rate_limit.ts";

/** How the stack turns something down: RST or port unreachable, host unreachable, administratively prohibited, or not at all. */
export type Refusal = "refused" | "unreachable" | "prohibited" | "silent";

/** What an error is about. */
export interface Quoted {
  readonly protocol: number;
  /** Its transport header and what follows, as the application sent it. */
  readonly octets: Uint8Array;
}

export interface IcmpError {
  readonly type: number;
  readonly code: number;
  /** The four octets behind the checksum; 0 when absent. */
  readonly parameter?: number;
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

/** Errors of all kinds in a second, and at once. RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f). */
const PER_SECOND = 1000;
const AT_ONCE = 50;

/** To one source, so that it cannot use up what is there for the others. Sources share this many counters. */
const PER_SECOND_AND_SOURCE = 100;
const SOURCES = 256;

/** Makes ICMP errors, no more of them than is useful. RFC 792, RFC 4443 §2.4, §3. */
export class IcmpErrors {
  readonly #output: Output;
  readonly #drops: Drops;
  readonly #all = new RateLimit(PER_SECOND, AT_ONCE);
  readonly #perSource: (RateLimit | undefined)[] = new Array(SOURCES).fill(
    undefined,
  );

  constructor(output: Output, drops: Drops) {
    this.#output = output;
    this.#drops = drops;
  }

  /** Queues "destination unreachable" from the address that the application talks to. RFC 792, RFC 4443 §3.1. */
  unreachable(
    key: FlowKey,
    refusal: Exclude<Refusal, "silent">,
    quoted: Quoted,
    now: Millis,
  ): void {
    const version = isIpv4(key) ? 4 : 6;
    const ipHeader = version === 4 ? IPV4_HEADER : IPV6_HEADER;
    const octets = quoted.octets.subarray(0, roomFor(version) - ipHeader);
    const type = version === 4 ? UNREACHABLE : UNREACHABLE_V6;
    const error = { type, code: CODES[version][refusal] };
    this.#queue(
      key,
      error,
      ipHeader + octets.length,
      now,
      (view, at, bytes) => {
        putQuotedHeader(view, at, key, { protocol: quoted.protocol, octets });
        bytes.set(octets, at + ipHeader);
      },
    );
  }

  /** Queues an error about `packet`, octets from its IP header on; `key` tells where it goes and from where. */
  about(
    packet: Uint8Array,
    key: FlowKey,
    error: IcmpError,
    now: Millis,
  ): void {
    const quoted = packet.subarray(0, roomFor(isIpv4(key) ? 4 : 6));
    this.#queue(key, error, quoted.length, now, (_view, at, bytes) => {
      bytes.set(quoted, at);
    });
  }

  #queue(
    key: FlowKey,
    { type, code, parameter }: IcmpError,
    length: number,
    now: Millis,
    putQuoted: (view: DataView, at: number, octets: Uint8Array) => void,
  ): void {
    if (!this.#mayReport(key, now)) {
      this.#drops.count("icmp.rate limit");
      return;
    }
    this.#output.queueIcmp(key, ICMP_HEADER + length, (view, at, octets) => {
      putIcmpError(view, at, type, code, parameter);
      putQuoted(view, at + ICMP_HEADER, octets);
    });
  }

  #mayReport(key: FlowKey, now: Millis): boolean {
    const index = remoteHash(key) & (SOURCES - 1);
    const source = this.#perSource[index] ??= new RateLimit(
      PER_SECOND_AND_SOURCE,
      AT_ONCE,
    );
    return source.take(now) && this.#all.take(now);
  }
}

/** How many octets of the original an error carries. */
export function roomFor(version: 4 | 6): number {
  return version === 4
    ? ICMP_ERROR_MAX - IPV4_HEADER - ICMP_HEADER
    : ICMPV6_ERROR_MAX - IPV6_HEADER - ICMP_HEADER;
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
