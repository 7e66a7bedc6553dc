import { ProtocolError } from "../../src/base/errors.ts";
import type { Query } from "../../src/names/exchange.ts";
import { encodeDnsQuery, parseDnsQuestion } from "../../src/proto/dns.ts";
import { parseAddress } from "../../src/wire/address.ts";

/** The response of a nameserver that has these addresses, all of one family, for a name. RFC 1035 §4.1. */
export function dnsAnswer(
  name: string,
  addresses: readonly string[],
  { id = 1, ttl = 60 }: { readonly id?: number; readonly ttl?: number } = {},
): Uint8Array<ArrayBuffer> {
  const labels = name.split(".").flatMap((label) => [
    label.length,
    ...new TextEncoder().encode(label),
  ]);
  const rdata = addresses.map((text) => parseAddress(text) ?? new Uint8Array());
  const type = rdata[0]?.length === 16 ? 28 : 1;
  const head = [id >> 8, id & 0xff, 0x81, 0x80, 0, 1, 0, rdata.length];
  const question = [...labels, 0, 0, type, 0, 1];
  const records = rdata.flatMap((octets) => [
    ...[0xc0, 12, 0, type, 0, 1, 0, 0, ttl >> 8, ttl & 0xff],
    ...[0, octets.length, ...octets],
  ]);
  return Uint8Array.of(...head, 0, 0, 0, 0, ...question, ...records);
}

/** A question for the A of a name. */
export function queryOf(id: number, name: string): Query {
  const octets = encodeDnsQuery({ id, name, type: "A" });
  const question = octets instanceof ProtocolError
    ? undefined
    : parseDnsQuestion(octets);
  if (octets instanceof ProtocolError || question === undefined) {
    throw new Error(`"${name}" is no name`);
  }
  return { octets, question };
}

/** The query as a response that has nothing to say. */
export function responseTo({ octets }: Query): Uint8Array {
  const response = octets.slice();
  response[2] = 0x81;
  return response;
}
