import { BoundedMap } from "../base/bounded_map.ts";
import type { Millis } from "../base/clock.ts";
import { describe, DialError, ProtocolError } from "../base/errors.ts";
import { unlessAborted, withDeadline } from "../flow/deadline.ts";
import {
  encodeAddresses,
  responseFrom,
  restated,
  ttlOffsets,
  withId,
} from "../proto/dns_response.ts";
import type { Exchange, Query } from "./exchange.ts";
import { familyOf, type Nameserver, serversFor } from "./nameserver.ts";
import {
  MAX_NEGATIVE_TTL,
  MAX_TTL,
  MIN_TTL,
  type ResolverOptions,
} from "./resolver.ts";

/** Responses that are remembered. Some 2 MB. */
const MAX_KNOWN = 4096;
/** Octets of the longest of them. */
const MAX_LENGTH = 4096;

/** RFC 1035 §4.1.1. */
const NXDOMAIN = 3;

interface Known {
  readonly response: Uint8Array;
  readonly offsets: readonly number[];
  readonly since: Millis;
  readonly until: Millis;
}

/** Asks whatever somebody else wants to know; responses are kept for their TTL, and come out of the cache as much older as they are. */
export function createForwarder(options: ResolverOptions): Exchange {
  const { clock } = options;
  const known = new BoundedMap<string, Known>(MAX_KNOWN);
  const pending = new Map<string, Promise<Uint8Array>>();

  const ask = async (
    query: Query,
    key: string,
  ): Promise<Uint8Array> => {
    const { response, nameserver } = await askAll(query, options);
    const kept = keep(response, nameserver, clock.now());
    if (kept !== undefined) known.set(key, kept);
    return response;
  };

  return async function forward({ question, octets }, signal) {
    const { name, type } = question;
    const plain = restated(octets, undefined);
    const key = `${type} ${name} ${plain.subarray(2).toHex()}`;
    const last = known.get(key);
    const now = clock.now();
    if (last !== undefined && now < last.until) {
      const { response, offsets, since } = last;
      const seconds = Math.floor((now - since) / 1000);
      return responseFrom(response, octets, { offsets, seconds });
    }
    const running = pending.get(key) ??
      ask({ question, octets: plain }, key).finally(() => pending.delete(key));
    pending.set(key, running);
    const response = await unlessAborted(signal, running);
    return responseFrom(response, octets, { offsets: [], seconds: 0 });
  };
}

interface Response {
  readonly response: Uint8Array;
  readonly nameserver: Nameserver;
}

/** The first response that says something; or else the first that says that there is nothing. */
async function askAll(
  query: Query,
  { nameservers, clock, random }: ResolverOptions,
): Promise<Response> {
  const { question } = query;
  const { name, type } = question;
  const family = familyOf(type);
  const { signal } = new AbortController();
  const reasons: string[] = [];
  let nothing: Response | undefined;
  for (const nameserver of serversFor(name, nameservers)) {
    if (family !== undefined && !nameserver.families.includes(family)) {
      const none = { addresses: [], ttl: 0 };
      const response = encodeAddresses(query.octets, question, none);
      nothing ??= { response, nameserver };
      continue;
    }
    const what = `Asking ${nameserver.name} for ${name}`;
    const id = random() & 0xffff;
    const { clientSubnet } = nameserver;
    const subnet = family === undefined ? undefined : clientSubnet;
    const asked = {
      octets: withId(restated(query.octets, subnet), id),
      question: { ...question, id },
    };
    try {
      const response = await withDeadline(
        { clock, timeout: nameserver.timeout, signal, what },
        (signal) => nameserver.exchange(asked, signal),
      );
      const found = { response, nameserver };
      const rcode = (response[3] ?? 0) & 0x0f;
      if (rcode === 0) return found;
      if (rcode === NXDOMAIN) nothing ??= found;
      else reasons.push(`${what}: it answered with RCODE ${rcode}`);
    } catch (error) {
      reasons.push(describe(error));
    }
  }
  if (nothing !== undefined) return nothing;
  const why = reasons.join("; ");
  throw new DialError("unreachable", `Cannot resolve "${name}": ${why}`);
}

/** Undefined for what is not to be remembered. */
function keep(
  response: Uint8Array,
  { ttl }: Nameserver,
  now: Millis,
): Known | undefined {
  const offsets = ttlOffsets(response);
  if (offsets instanceof ProtocolError || response.length > MAX_LENGTH) {
    return undefined;
  }
  const view = new DataView(response.buffer, response.byteOffset);
  const ttls = offsets.map((offset) => view.getUint32(offset) * 1000);
  const isNegative = isWithoutAnswer(response);
  const most = isNegative ? MAX_NEGATIVE_TTL : MAX_TTL;
  const said = ttls.length === 0 ? MIN_TTL : Math.min(most, ...ttls);
  const valid = ttl === undefined || isNegative ? said : ttl;
  return { response, offsets, since: now, until: now + valid };
}

function isWithoutAnswer(response: Uint8Array): boolean {
  return (response[6] ?? 0) === 0 && (response[7] ?? 0) === 0;
}
