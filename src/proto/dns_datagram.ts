import { DNS_HEADER_LENGTH, readDnsName } from "./dns_name.ts";
import { OctetReader } from "./octet_reader.ts";

/** Octets of a response that everybody takes. RFC 1035 §4.2.1. */
const LEAST = 512;
/** RFC 6891 §6.1.1. */
const OPT = 41;
const DO = 0x8000;
/** Octets of TYPE and CLASS behind the name of a question. */
const QUESTION_FIELDS = 4;
/** QR, TC and RA of the third and the fourth octet, and SERVFAIL. RFC 1035 §4.1.1. */
const QR = 0x80;
const TC = 0x02;
const RA = 0x80;
const SERVFAIL = 2;

/** What OPT says of whoever sent a message. RFC 6891 §6.1.2. */
export interface Opt {
  /** Octets of the longest datagram that it takes. */
  readonly size: number;
  /** DO: it wants the records of DNSSEC. RFC 3225 §3. */
  readonly wantsDnssec: boolean;
}

/** Undefined without OPT. For a query that `parseDnsQuestion` has read. */
export function optOf(query: Uint8Array): Opt | undefined {
  let at = questionEnd(query);
  for (;;) {
    const name = readDnsName(query, at);
    if (name === undefined) return undefined;
    const fields = new OctetReader(query, name.end);
    const type = fields.u16();
    const size = fields.u16();
    fields.u16();
    const flags = fields.u16();
    const length = fields.u16();
    if (fields.failed()) return undefined;
    if (type === OPT) return { size, wantsDnssec: flags >= DO };
    at = name.end + 10 + length;
  }
}

/** Octets of the longest response that whoever sent `query` takes in a datagram. RFC 6891 §6.2.3: less than 512 means 512. */
export function responseLimit(query: Uint8Array): number {
  return Math.max(LEAST, optOf(query)?.size ?? 0);
}

/** `response` as it is where it is no longer than `limit`, or else its question alone, marked as truncated. RFC 2181 §9. */
export function fitted(response: Uint8Array, limit: number): Uint8Array {
  if (response.length <= limit) return response;
  const cut = response.slice(0, questionEnd(response));
  cut[2] = (cut[2] ?? 0) | TC;
  // No records are left of all that the header counts.
  cut.fill(0, 6, DNS_HEADER_LENGTH);
  return cut;
}

/** The response to `query` of a server that could not find out. */
export function serverFailure(query: Uint8Array): Uint8Array {
  const response = query.slice(0, questionEnd(query));
  response[2] = (response[2] ?? 0) | QR;
  response[3] = RA | SERVFAIL;
  response.fill(0, 6, DNS_HEADER_LENGTH);
  return response;
}

/** Where the records begin. */
export function questionEnd(message: Uint8Array): number {
  const name = readDnsName(message, DNS_HEADER_LENGTH);
  return (name?.end ?? DNS_HEADER_LENGTH) + QUESTION_FIELDS;
}
