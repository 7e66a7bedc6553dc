import { BoundedMap } from "../base/bounded_map.ts";
import type { Clock, Millis } from "../base/clock.ts";
import { describe, DialError } from "../base/errors.ts";
import { unlessAborted } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Endpoint } from "../flow/flow.ts";
import type { DnsAnswer } from "../proto/dns.ts";
import { exchange } from "./exchange.ts";

/** The addresses of a name, those of IPv4 first. Rejects with a DialError. */
export type Resolve = (
  name: string,
  signal: AbortSignal,
) => Promise<readonly string[]>;

export interface ResolverOptions {
  /** Asked in order until one answers. */
  readonly servers: readonly Endpoint[];
  /** Names in lower case that need not be asked for. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** For each server. */
  readonly timeout: Millis;
  /** 16 unpredictable bits. */
  readonly random: () => number;
}

/** An answer is used for so long at most, whatever its TTL says, and at least. */
const MAX_TTL: Millis = 3_600_000;
const MIN_TTL: Millis = 1000;

/** Names that are remembered; a far end is asked for any. */
const MAX_KNOWN = 4096;

interface Known {
  readonly addresses: readonly string[];
  readonly until: Millis;
}

/** Resolves by asking nameservers itself; an answer is kept for its TTL, and beyond it where nobody answers. */
export function createResolver(options: ResolverOptions): Resolve {
  const { clock, hosts } = options;
  const known = new BoundedMap<string, Known>(MAX_KNOWN);
  const pending = new Map<string, Promise<readonly string[]>>();

  const ask = async (name: string): Promise<readonly string[]> => {
    const last = known.get(name);
    try {
      const { addresses, ttl } = await askAll(name, options);
      known.set(name, { addresses, until: clock.now() + ttl });
      return addresses;
    } catch (error) {
      if (last !== undefined) return last.addresses;
      throw error;
    } finally {
      pending.delete(name);
    }
  };

  return async function resolve(text, signal) {
    const name = text.toLowerCase().replace(/\.$/, "");
    const fixed = hosts.get(name);
    if (fixed !== undefined) return fixed;
    if (name === "localhost") return ["127.0.0.1", "::1"];
    const last = known.get(name);
    if (last !== undefined && clock.now() < last.until) return last.addresses;
    let asked = pending.get(name);
    if (asked === undefined) {
      asked = ask(name);
      pending.set(name, asked);
    }
    return await unlessAborted(signal, asked);
  };
}

async function askAll(
  name: string,
  options: ResolverOptions,
): Promise<{ addresses: readonly string[]; ttl: Millis }> {
  const reasons: string[] = [];
  // Several flows may wait for it: none of them ends it, the time does.
  const { signal } = new AbortController();
  for (const server of options.servers) {
    const both = await Promise.allSettled(
      (["A", "AAAA"] as const).map((type) =>
        exchange(name, type, { ...options, server, signal })
      ),
    );
    const answers = both.flatMap((result) =>
      result.status === "fulfilled" ? [result.value] : []
    );
    const addresses = answers.flatMap((answer) => answer.addresses);
    if (addresses.length > 0) return { addresses, ttl: ttlOf(answers) };
    // A server that says there is nothing is believed; only one that says nothing is passed over.
    if (answers.length > 0 && answers.every(isFinal)) {
      throw new DialError("unreachable", `There is no address for "${name}"`);
    }
    for (const result of both) {
      if (result.status === "rejected") reasons.push(describe(result.reason));
    }
  }
  const why = [...new Set(reasons)].join("; ");
  throw new DialError("unreachable", `Cannot resolve "${name}": ${why}`);
}

/** NOERROR or NXDOMAIN. RFC 1035 §4.1.1. */
function isFinal({ rcode }: DnsAnswer): boolean {
  return rcode === 0 || rcode === 3;
}

function ttlOf(answers: readonly DnsAnswer[]): Millis {
  const ttls = answers.filter(({ addresses }) => addresses.length > 0)
    .map(({ ttl }) => ttl * 1000);
  return Math.max(MIN_TTL, Math.min(MAX_TTL, ...ttls));
}
