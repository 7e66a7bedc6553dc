import { BoundedMap } from "../base/bounded_map.ts";
import type { Clock, Millis } from "../base/clock.ts";
import { describe, DialError } from "../base/errors.ts";
import { unlessAborted } from "../flow/deadline.ts";
import type { DnsAnswer } from "../proto/dns.ts";
import { askFamilies } from "./families.ts";
import { type Nameserver, serversFor } from "./nameserver.ts";

/** The addresses of a name, the preferred ones first. Rejects with a DialError. */
export type Resolve = (
  name: string,
  signal: AbortSignal,
) => Promise<readonly string[]>;

export interface ResolverOptions {
  /** Asked in order until one answers. */
  readonly nameservers: readonly Nameserver[];
  /**
   * What a server means that says there is no address: `end` believes it, `next` asks the next one as well, which may be of
   * another network.
   */
  readonly onNothing: "end" | "next";
  readonly clock: Clock;
  /** 16 unpredictable bits. */
  readonly random: () => number;
}

/** An answer is used for so long at most, whatever its TTL says, and at least. */
export const MAX_TTL: Millis = 3_600_000;
export const MIN_TTL: Millis = 1000;
/** That there is nothing is believed for so long at most: RFC 2308 §5 allows hours, and people wait for a name that is new. */
export const MAX_NEGATIVE_TTL: Millis = 60_000;

/** Names that are remembered; a far end is asked for any. */
const MAX_KNOWN = 4096;

interface Known {
  /** Empty where there is none. */
  readonly addresses: readonly string[];
  readonly until: Millis;
  /** May be given once more when it is no longer valid. */
  readonly stale: boolean;
}

/** Resolves by asking nameservers; an answer is kept for its TTL, and beyond it where nobody answers. */
export function createResolver(options: ResolverOptions): Resolve {
  const { clock } = options;
  const known = new BoundedMap<string, Known>(MAX_KNOWN);
  const pending = new Map<string, Promise<readonly string[]>>();

  const renew = async (name: string): Promise<readonly string[]> => {
    const last = known.get(name);
    try {
      const answer = await askAll(name, options);
      known.set(name, answer);
      return answer.addresses;
    } catch (error) {
      if (last !== undefined && last.addresses.length > 0) {
        return last.addresses;
      }
      throw error;
    }
  };

  const asked = (name: string): Promise<readonly string[]> => {
    const running = pending.get(name) ??
      renew(name).finally(() => pending.delete(name));
    pending.set(name, running);
    return running;
  };

  return async function resolve(text, signal) {
    const name = text.toLowerCase().replace(/\.$/, "");
    if (name === "localhost") return ["127.0.0.1", "::1"];
    const last = known.get(name);
    const isValid = last !== undefined && clock.now() < last.until;
    if (last?.stale && !isValid) asked(name).catch(() => {});
    const addresses = last !== undefined && (isValid || last.stale)
      ? last.addresses
      : await unlessAborted(signal, asked(name));
    if (addresses.length > 0) return addresses;
    throw new DialError("unreachable", `There is no address for "${name}"`);
  };
}

async function askAll(
  name: string,
  { nameservers, onNothing, clock, random }: ResolverOptions,
): Promise<Known> {
  const reasons: string[] = [];
  let nothing: Known | undefined;
  // Several flows may wait for it: none of them ends it, the time does.
  const { signal } = new AbortController();
  for (const nameserver of serversFor(name, nameservers)) {
    const options = { clock, random, signal };
    const results = await askFamilies(nameserver, name, options);
    const answers = results.flatMap((result) =>
      result.status === "fulfilled" ? [result.value] : []
    );
    const known = knownFrom(answers, nameserver, clock.now());
    if (known.addresses.length > 0) return known;
    // A family that could not be asked for may be the one that there is.
    if (answers.length === results.length) {
      nothing = known;
      if (onNothing === "end") break;
    }
    for (const result of results) {
      if (result.status === "rejected") reasons.push(describe(result.reason));
    }
  }
  if (nothing !== undefined) return nothing;
  const why = [...new Set(reasons)].join("; ");
  throw new DialError("unreachable", `Cannot resolve "${name}": ${why}`);
}

function knownFrom(
  answers: readonly DnsAnswer[],
  { ttl, stale = false }: Nameserver,
  now: Millis,
): Known {
  const addresses = answers.flatMap((answer) => answer.addresses);
  const found = addresses.length > 0;
  const ttls = answers.filter((answer) => answer.addresses.length > 0 === found)
    .map((answer) => answer.ttl * 1000);
  const said = Math.max(MIN_TTL, Math.min(MAX_TTL, ...ttls));
  const most = found ? Infinity : MAX_NEGATIVE_TTL;
  const until = now + Math.min(ttl ?? said, most);
  return { addresses, until, stale: stale && found };
}
