import { ProtocolError } from "../base/errors.ts";
import { formatAddress, type Prefix } from "../wire/address.ts";
import { DNS_HEADER_LENGTH, encodeDnsName, readDnsName } from "./dns_name.ts";
import { OctetReader } from "./octet_reader.ts";

/** RFC 1035 §3.2.2, RFC 3596 §2.1. */
export const DNS_TYPES = { A: 1, CNAME: 5, SOA: 6, AAAA: 28 } as const;

const CLASS_IN = 1;
/** IN, CH, HS, NONE and ANY. */
const QCLASSES = [CLASS_IN, 3, 4, 254, 255];

/** RFC 1035 §4.1.1. Z is the one bit of its three that is still reserved (RFC 4035 §3.1.6 uses the others). */
const QR = 0x8000;
const OPCODE = 0x7800;
const TC = 0x0200;
const RD = 0x0100;
const Z = 0x0040;
const RCODE = 0x000f;

/** Octets of TYPE, CLASS, TTL and RDLENGTH, behind a record's name. RFC 1035 §4.1.3. */
const RECORD_FIELDS = 10;
/** Octets of the shortest SOA: two roots, and five numbers of which MINIMUM is the last. RFC 1035 §3.3.13. */
const SOA_MIN = 22;
/** A query brings OPT and a signature, if anything. */
const QUERY_RECORDS_MAX = 2;
/** RFC 6891 §6.1.1, RFC 7871 §6. */
const OPT = 41;
const CLIENT_SUBNET = 8;
/** Of the third octet of OPT's TTL. RFC 3225 §3. */
const DO = 0x80;
/** Octets of a datagram that no path cuts. RFC 9715 §3.1. */
const UDP_PAYLOAD = 1232;
/** Longer chains of CNAMEs are not followed. */
const CNAMES_MAX = 16;

export interface DnsQuery {
  /** 0 to 65 535. */
  readonly id: number;
  readonly name: string;
  readonly type: "A" | "AAAA";
  /** Told to the nameserver as the client's network (RFC 7871), to be answered for it. */
  readonly clientSubnet?: Prefix | undefined;
}

export interface DnsQuestion {
  readonly id: number;
  /** QR: the message is a response. */
  readonly response: boolean;
  /** In lower case, without a final dot; "." for the root. */
  readonly name: string;
  /** QTYPE. */
  readonly type: number;
}

export interface DnsAnswer {
  readonly question: DnsQuestion;
  readonly rcode: number;
  /** TC: to be asked again over TCP. No address was read then. */
  readonly truncated: boolean;
  /** Those that the question asks for, CNAMEs followed, as `wire/address.ts` formats them. */
  readonly addresses: readonly string[];
  /**
   * In seconds: the shortest of the records on the way to the addresses; without any, how long the zone allows to believe that
   * (RFC 2308 §5), 0 where it does not say.
   */
  readonly ttl: number;
}

interface Message {
  readonly question: DnsQuestion;
  readonly flags: number;
  readonly answerCount: number;
  readonly authorityCount: number;
  /** Where the records begin. */
  readonly end: number;
}

interface DnsRecord {
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  /** An address, what a CNAME stands for, or the MINIMUM of a SOA. */
  readonly value: string;
}

/** Asks for recursion. Fails for what cannot be a name: RFC 1035 §2.3.4. */
export function encodeDnsQuery(
  { id, name, type, clientSubnet }: DnsQuery,
): Uint8Array | ProtocolError {
  const octets = encodeDnsName(name);
  if (octets === undefined) {
    return fail(`Cannot ask for ${JSON.stringify(name)}: not a domain name`);
  }
  const idAndFlags = [id >> 8, id & 0xff, RD >> 8, RD & 0xff];
  const options = clientSubnet === undefined
    ? []
    : encodeOpt(clientSubnet, false);
  const counts = [0, 1, 0, 0, 0, 0, 0, options.length > 0 ? 1 : 0];
  const typeAndClass = [0, DNS_TYPES[type], 0, CLASS_IN];
  return Uint8Array.of(
    ...idAndFlags,
    ...counts,
    ...octets,
    ...typeAndClass,
    ...options,
  );
}

/** OPT, with the option CLIENT-SUBNET where there is one. RFC 6891 §6.1.2, RFC 7871 §6. */
export function encodeOpt(
  clientSubnet: Prefix | undefined,
  wantsDnssec: boolean,
): readonly number[] {
  const options = clientSubnet === undefined ? [] : encodeSubnet(clientSubnet);
  const size = [UDP_PAYLOAD >> 8, UDP_PAYLOAD & 0xff];
  const flags = [wantsDnssec ? DO : 0, 0];
  return [0, 0, OPT, ...size, 0, 0, ...flags, 0, options.length, ...options];
}

function encodeSubnet({ address, length }: Prefix): readonly number[] {
  const family = address.length === 4 ? 1 : 2;
  const significant = address.subarray(0, Math.ceil(length / 8));
  const option = [0, family, length, 0, ...significant];
  return [0, CLIENT_SUBNET, 0, option.length, ...option];
}

/** Whether `octets` are a response to `question`. RFC 5452 §9.1. */
export function answers(octets: Uint8Array, question: DnsQuestion): boolean {
  const given = parseDnsQuestion(octets);
  return given !== undefined && given.response && given.id === question.id &&
    given.type === question.type && given.name === question.name;
}

/** TC of a response that `parseDnsQuestion` has read: to be asked again over TCP. */
export function isTruncated(octets: Uint8Array): boolean {
  return ((octets[2] ?? 0) & (TC >> 8)) !== 0;
}

/** The one question of a query or response. Strict, so that hardly anything else is taken for DNS: undefined for it. */
export function parseDnsQuestion(octets: Uint8Array): DnsQuestion | undefined {
  return parseMessage(octets)?.question;
}

/** Whether it answers what was asked is for the caller to compare. */
export function parseDnsAnswer(octets: Uint8Array): DnsAnswer | ProtocolError {
  const message = parseMessage(octets);
  if (message === undefined) return fail("Not a DNS message");
  const { question, flags } = message;
  if (!question.response) return fail("Expected a response, got a query");
  const rcode = flags & RCODE;
  if ((flags & TC) !== 0) {
    return { question, rcode, truncated: true, addresses: [], ttl: 0 };
  }
  const { end, answerCount, authorityCount } = message;
  const answer = parseRecords(octets, { at: end, count: answerCount });
  if (answer === undefined) return fail("A record is cut short");
  const found = resolve(answer.records, question);
  if (found.addresses.length > 0) {
    return { question, rcode, truncated: false, ...found };
  }
  const rest = { at: answer.end, count: authorityCount };
  const authority = parseRecords(octets, rest)?.records ?? [];
  const ttl = authority.find(({ type }) => type === DNS_TYPES.SOA)?.ttl ?? 0;
  return { question, rcode, truncated: false, addresses: [], ttl };
}

function parseMessage(octets: Uint8Array): Message | undefined {
  const header = new OctetReader(octets);
  const id = header.u16();
  const flags = header.u16();
  const questionCount = header.u16();
  const answerCount = header.u16();
  const authorityCount = header.u16();
  const additionalCount = header.u16();
  if ((flags & (OPCODE | Z)) !== 0 || questionCount !== 1) return undefined;

  const name = readDnsName(octets, DNS_HEADER_LENGTH);
  if (name === undefined) return undefined;
  const fields = new OctetReader(octets, name.end);
  const type = fields.u16();
  const isKnownClass = QCLASSES.includes(fields.u16());
  if (fields.failed() || type === 0 || !isKnownClass) return undefined;

  const response = (flags & QR) !== 0;
  const recordCount = answerCount + authorityCount + additionalCount;
  if (!response) {
    const odd = recordCount > additionalCount || (flags & RCODE) !== 0;
    if (odd || recordCount > QUERY_RECORDS_MAX) return undefined;
    if (recordCount === 0 && fields.rest() > 0) return undefined;
  }
  // A response that was truncated may count records that it lost.
  const cut = fields.rest() < recordCount * (1 + RECORD_FIELDS);
  if (cut && (flags & TC) === 0) return undefined;
  const question = { id, response, name: name.name, type };
  const end = name.end + 4;
  return { question, flags, answerCount, authorityCount, end };
}

/** All records of a section that matter here; undefined where it goes on behind the message. */
function parseRecords(
  octets: Uint8Array,
  { at, count }: { at: number; readonly count: number },
):
  | { readonly records: readonly DnsRecord[]; readonly end: number }
  | undefined {
  const records: DnsRecord[] = [];
  for (let i = 0; i < count; i++) {
    const owner = readDnsName(octets, at);
    if (owner === undefined) return undefined;
    const fields = new OctetReader(octets, owner.end);
    const type = fields.u16();
    const isInternet = fields.u16() === CLASS_IN;
    const ttl = fields.u32();
    const length = fields.u16();
    if (fields.failed() || fields.rest() < length) return undefined;
    const start = owner.end + RECORD_FIELDS;
    at = start + length;
    const value = parseValue(octets, { type, start, end: at });
    if (value === undefined || !isInternet) continue;
    const least = type === DNS_TYPES.SOA ? Math.min(ttl, Number(value)) : ttl;
    // RFC 2181 §8: a TTL with its highest bit set is 0.
    const valid = least > 0x7fffffff ? 0 : least;
    records.push({ owner: owner.name, type, ttl: valid, value });
  }
  return { records, end: at };
}

/** The data in `octets[start, end)`; undefined for types that do not matter here and for malformed ones. */
function parseValue(
  octets: Uint8Array,
  { type, start, end }: { type: number; start: number; end: number },
): string | undefined {
  switch (type) {
    case DNS_TYPES.A:
      return end - start === 4 ? formatAddress(octets, start, 4) : undefined;
    case DNS_TYPES.AAAA:
      return end - start === 16 ? formatAddress(octets, start, 16) : undefined;
    case DNS_TYPES.CNAME: {
      const target = readDnsName(octets, start);
      return target?.end === end ? target.name : undefined;
    }
    case DNS_TYPES.SOA: {
      const fields = new OctetReader(octets, end - 4);
      return end - start < SOA_MIN ? undefined : String(fields.u32());
    }
    default:
      return undefined;
  }
}

/** Follows CNAMEs from the name asked for to its addresses. RFC 1034 §3.6.2. */
function resolve(
  records: readonly DnsRecord[],
  { name, type }: DnsQuestion,
): Pick<DnsAnswer, "addresses" | "ttl"> {
  const isAddress = type === DNS_TYPES.A || type === DNS_TYPES.AAAA;
  let owner = name;
  let ttl = Infinity;
  for (let links = 0; isAddress && links <= CNAMES_MAX; links++) {
    const owned = records.filter((record) => record.owner === owner);
    const found = owned.filter((record) => record.type === type);
    if (found.length > 0) {
      const addresses = found.map(({ value }) => value);
      return { addresses, ttl: Math.min(ttl, ...found.map(({ ttl }) => ttl)) };
    }
    const alias = owned.find(({ type }) => type === DNS_TYPES.CNAME);
    if (alias === undefined) break;
    owner = alias.value;
    ttl = Math.min(ttl, alias.ttl);
  }
  return { addresses: [], ttl: 0 };
}

function fail(message: string): ProtocolError {
  return new ProtocolError("dns", message);
}
