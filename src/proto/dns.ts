import { ProtocolError } from "../base/errors.ts";
import { formatAddress } from "../wire/address.ts";
import { DNS_HEADER_LENGTH, encodeDnsName, readDnsName } from "./dns_name.ts";
import { OctetReader } from "./octet_reader.ts";

/** RFC 1035 §3.2.2, RFC 3596 §2.1. */
export const DNS_TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;

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
/** A query brings OPT and a signature, if anything. */
const QUERY_RECORDS_MAX = 2;
/** Longer chains of CNAMEs are not followed. */
const CNAMES_MAX = 16;

export interface DnsQuery {
  /** 0 to 65 535. */
  readonly id: number;
  readonly name: string;
  readonly type: "A" | "AAAA";
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
  /** In seconds: the shortest of the records on the way to the addresses, 0 without addresses. */
  readonly ttl: number;
}

interface Message {
  readonly question: DnsQuestion;
  readonly flags: number;
  readonly answerCount: number;
  /** Where the records begin. */
  readonly end: number;
}

interface DnsRecord {
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  /** An address, or what a CNAME stands for. */
  readonly value: string;
}

/** Asks for recursion. Fails for what cannot be a name: RFC 1035 §2.3.4. */
export function encodeDnsQuery(
  { id, name, type }: DnsQuery,
): Uint8Array | ProtocolError {
  const octets = encodeDnsName(name);
  if (octets === undefined) {
    return fail(`Cannot ask for ${JSON.stringify(name)}: not a domain name`);
  }
  const idAndFlags = [id >> 8, id & 0xff, RD >> 8, RD & 0xff];
  const counts = [0, 1, 0, 0, 0, 0, 0, 0];
  const typeAndClass = [0, DNS_TYPES[type], 0, CLASS_IN];
  return Uint8Array.of(...idAndFlags, ...counts, ...octets, ...typeAndClass);
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
  const records = parseRecords(octets, message);
  if (records === undefined) return fail("A record is cut short");
  return { question, rcode, truncated: false, ...resolve(records, question) };
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
  return { question, flags, answerCount, end: name.end + 4 };
}

/** All addresses and CNAMEs of the answer section; undefined where it goes on behind the message. */
function parseRecords(
  octets: Uint8Array,
  { end, answerCount }: Message,
): DnsRecord[] | undefined {
  const records: DnsRecord[] = [];
  let at = end;
  for (let i = 0; i < answerCount; i++) {
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
    // RFC 2181 §8: a TTL with its highest bit set is 0.
    records.push({
      owner: owner.name,
      type,
      ttl: ttl > 0x7fffffff ? 0 : ttl,
      value,
    });
  }
  return records;
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
