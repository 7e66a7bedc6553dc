import type { Clock, Millis } from "../base/clock.ts";
import { DialError, ProtocolError } from "../base/errors.ts";
import { withDeadline } from "../flow/deadline.ts";
import {
  DNS_TYPES,
  type DnsAnswer,
  encodeDnsQuery,
  parseDnsAnswer,
} from "../proto/dns.ts";
import type { Prefix } from "../wire/address.ts";
import type { Exchange } from "./exchange.ts";

export type Family = "ipv4" | "ipv6";

/** One of a resolver's servers, and how it is asked. */
export interface Nameserver {
  /** Like "udp://192.0.2.53:53". */
  readonly name: string;
  readonly exchange: Exchange;
  /** Asked for; the preferred one first. */
  readonly families: readonly Family[];
  /** For each question. */
  readonly timeout: Millis;
  /** Replaces that of the answers; 0 keeps none of them. */
  readonly ttl?: Millis;
  /** Answers that are no longer valid are given while new ones are asked for. */
  readonly stale?: boolean;
  /** Those names that it is asked for, and no other nameserver is; every name without it. */
  readonly covers?: (name: string) => boolean;
  /** Told to the server as the client's. */
  readonly clientSubnet?: Prefix;
}

export interface AskOptions {
  readonly clock: Clock;
  /** 16 unpredictable bits. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const TYPES = { ipv4: "A", ipv6: "AAAA" } as const;

/** Those to be asked for `name`: who says so, or else who covers every name. */
export function serversFor(
  name: string,
  nameservers: readonly Nameserver[],
): readonly Nameserver[] {
  const own = nameservers.filter(({ covers }) => covers?.(name));
  if (own.length > 0) return own;
  const others = nameservers.filter(({ covers }) => covers === undefined);
  if (others.length > 0) return others;
  throw new DialError("unreachable", `No nameserver is for "${name}"`);
}

/** The family whose addresses a question asks for. */
export function familyOf(type: number): Family | undefined {
  return type === DNS_TYPES.A
    ? "ipv4"
    : type === DNS_TYPES.AAAA
    ? "ipv6"
    : undefined;
}

/** Rejects with a DialError that names the server. */
export async function ask(
  { name: server, exchange, timeout, clientSubnet }: Nameserver,
  question: { readonly name: string; readonly family: Family },
  { clock, random, signal }: AskOptions,
): Promise<DnsAnswer> {
  const { name, family } = question;
  const id = random() & 0xffff;
  const type = TYPES[family];
  const octets = encodeDnsQuery({ id, name, type, clientSubnet });
  if (octets instanceof ProtocolError) {
    throw new DialError("unreachable", octets.message, { cause: octets });
  }
  const what = `Asking ${server} for ${name}`;
  const query = {
    octets,
    question: { id, response: false, name, type: DNS_TYPES[type] },
  };
  try {
    const response = await withDeadline(
      { clock, timeout, signal, what },
      (signal) => exchange(query, signal),
    );
    const answer = parseDnsAnswer(response);
    if (answer instanceof ProtocolError) throw answer;
    if (isFinal(answer)) return answer;
    throw new ProtocolError("dns", `It answered ${rcodeOf(answer)}`);
  } catch (cause) {
    if (signal.aborted || isTimeout(cause, what)) throw cause;
    throw new DialError("unreachable", `${what} failed`, { cause });
  }
}

/** NOERROR or NXDOMAIN: the server knows what it says. RFC 1035 §4.1.1. */
function isFinal({ rcode }: DnsAnswer): boolean {
  return rcode === 0 || rcode === 3;
}

function rcodeOf({ rcode }: DnsAnswer): string {
  const names = ["FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
  return names[rcode - 1] ?? `RCODE ${rcode}`;
}

function isTimeout(error: unknown, what: string): boolean {
  return error instanceof DialError && error.message.startsWith(what);
}
