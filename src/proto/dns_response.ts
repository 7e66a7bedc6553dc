import { ProtocolError } from "../base/errors.ts";
import { parseAddress, type Prefix } from "../wire/address.ts";
import { DNS_TYPES, type DnsQuestion, encodeOpt } from "./dns.ts";
import { optOf, questionEnd } from "./dns_datagram.ts";
import { DNS_HEADER_LENGTH } from "./dns_name.ts";
import { OctetReader } from "./octet_reader.ts";

/** RFC 6891 §6.1.1: its TTL is none. */
const OPT = 41;
/** QR and RD of the third octet; RA, AD and CD of the fourth. RFC 1035 §4.1.1, RFC 4035 §3. */
const QR = 0x80;
const RD = 0x01;
const RA = 0x80;
const AD = 0x20;
const CD = 0x10;
/** A pointer to the name of the question. RFC 1035 §4.1.4. */
const NAME_OF_QUESTION = [0xc0, DNS_HEADER_LENGTH];

/** Octets behind a record's name up to its TTL, and up to its data. */
const TTL = 4;
const FIXED = 10;

/** The response to `query` that has these addresses, as far as they are of the family asked for; `ttl` in seconds. */
export function encodeAddresses(
  query: Uint8Array,
  question: DnsQuestion,
  { addresses, ttl }: {
    readonly addresses: readonly string[];
    readonly ttl: number;
  },
): Uint8Array {
  const { type } = question;
  const length = type === DNS_TYPES.A ? 4 : type === DNS_TYPES.AAAA ? 16 : 0;
  const records = addresses.map((address) => parseAddress(address))
    .filter((address) => address?.length === length)
    .flatMap((address = new Uint8Array(0)) => [
      ...NAME_OF_QUESTION,
      ...[0, type, 0, 1],
      ...[ttl >>> 24, ttl >> 16 & 0xff, ttl >> 8 & 0xff, ttl & 0xff],
      ...[0, length, ...address],
    ]);
  const head = query.subarray(0, questionEnd(query));
  const response = Uint8Array.of(...head, ...records);
  response[2] = (response[2] ?? 0) | QR;
  response[3] = RA;
  response.fill(0, 6, DNS_HEADER_LENGTH);
  const count = length === 0 ? 0 : records.length / (2 + FIXED + length);
  response[6] = count >> 8;
  response[7] = count & 0xff;
  return response;
}

/** Where the TTL of each record of a response stands, OPT's aside. Fails where a record goes on behind the message. */
export function ttlOffsets(
  response: Uint8Array,
): readonly number[] | ProtocolError {
  const header = new OctetReader(response, 6);
  const count = header.u16() + header.u16() + header.u16();
  const offsets: number[] = [];
  let at = questionEnd(response);
  for (let i = 0; i < count; i++) {
    const owner = skipName(response, at);
    const fields = new OctetReader(response, owner);
    const type = fields.u16();
    fields.u16();
    fields.u32();
    const length = fields.u16();
    if (fields.failed() || fields.rest() < length) {
      return new ProtocolError("dns", "A record is cut short");
    }
    if (type !== OPT) offsets.push(owner + TTL);
    at = owner + FIXED + length;
  }
  return offsets;
}

/** Where the octets behind a name begin, which may hold anything. */
function skipName(message: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const octet = message[at];
    if (octet === undefined) return Infinity;
    if (octet >= 0xc0) return at + 2;
    if (octet === 0) return at + 1;
    at += 1 + octet;
  }
}

/** A response to the same question as the response to `query`, its records `seconds` older. The letters of a name have the case in which it was asked. */
export function responseFrom(
  response: Uint8Array,
  query: Uint8Array,
  { offsets, seconds }: {
    readonly offsets: readonly number[];
    readonly seconds: number;
  },
): Uint8Array {
  const copy = Uint8Array.from(response);
  copy.set(query.subarray(0, 2));
  const question = query.subarray(DNS_HEADER_LENGTH, questionEnd(query));
  copy.set(question, DNS_HEADER_LENGTH);
  const view = new DataView(copy.buffer);
  for (const offset of offsets) {
    const ttl = view.getUint32(offset);
    view.setUint32(offset, Math.max(0, ttl - seconds));
  }
  return copy;
}

/** What `query` asks, and nothing else of whoever sent it: no cookie and no padding, so that all who ask it ask the same; the name in lower case. */
export function restated(
  query: Uint8Array,
  clientSubnet: Prefix | undefined,
): Uint8Array {
  const opt = optOf(query);
  const hasOpt = opt !== undefined || clientSubnet !== undefined;
  const octets = Uint8Array.of(
    ...query.subarray(0, questionEnd(query)),
    ...(hasOpt ? encodeOpt(clientSubnet, opt?.wantsDnssec ?? false) : []),
  );
  octets[2] = (octets[2] ?? 0) & RD;
  octets[3] = (octets[3] ?? 0) & (AD | CD);
  octets.fill(0, 6, DNS_HEADER_LENGTH);
  octets[DNS_HEADER_LENGTH - 1] = hasOpt ? 1 : 0;
  // No length of a label is a letter's octet.
  const end = questionEnd(query) - 4;
  for (let i = DNS_HEADER_LENGTH; i < end; i++) {
    const octet = octets[i] ?? 0;
    if (octet >= 0x41 && octet <= 0x5a) octets[i] = octet + 0x20;
  }
  return octets;
}

/** A copy of a message with another identifier. */
export function withId(
  message: Uint8Array,
  id: number,
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(message);
  copy[0] = id >> 8;
  copy[1] = id & 0xff;
  return copy;
}
