import { formatPosition, type Position } from "../base/errors.ts";
import type { Matcher, MatcherSet } from "./matcher_set.ts";

export interface BypassOptions {
  readonly name: string;
  readonly at: Position;
  /** Turns the decision round: what matches is not bypassed. */
  readonly whitelist: boolean;
  /** "tcp", "udp" or "tcp6"; flows of other networks are not bypassed. */
  readonly network: string | undefined;
  /** Those that the configuration spells out, and those of each list as it was read last. The first that matches is named. */
  readonly matchers: readonly { readonly current: MatcherSet }[];
}

/** One of the things that a flow's destination is known as. */
export interface Candidate {
  /** An address as `wire/address.ts` formats it, or a name. */
  readonly host: string;
  readonly port: number;
}

export interface Verdict {
  readonly bypassed: boolean;
  /** Like "www.example.com matches .example.com, config.yaml:31:7". */
  readonly because: string;
  /** No name that the destination turns out to have can change it. */
  readonly final: boolean;
}

interface Destination {
  readonly dst: Candidate;
  readonly name?: string;
  readonly called?: string;
  readonly addresses?: readonly string[];
}

/** What the rules know a flow's destination as: what the application chose, its name or else what a nameserver has it for, and the address that hosts or a resolver have for it. */
export function candidatesOf(
  { dst, called, name = called, addresses = [] }: Destination,
): readonly Candidate[] {
  const hosts = [dst.host, name, addresses[0]]
    .filter((host) => host !== undefined);
  return [...new Set(hosts)].map((host) => ({ host, port: dst.port }));
}

/** Decides for a flow of `network`. It matches a pattern when one of its candidates does. */
export type BypassGroup = (
  network: string,
  candidates: readonly Candidate[],
) => Verdict;

/** Whitelists together are the union of what they allow; blacklists add to what they leave. */
export function bypassGroup(members: readonly BypassOptions[]): BypassGroup {
  const whitelists = members.filter((member) => member.whitelist).map(bypass);
  const blacklists = members.filter((member) => !member.whitelist).map(bypass);
  return (network, candidates) => {
    const allowed = whitelists.map((decide) => decide(network, candidates));
    const denied = blacklists.map((decide) => decide(network, candidates));
    const hit = denied.find((verdict) => verdict.bypassed);
    const [firstAllowed] = allowed;
    if (firstAllowed !== undefined && allowed.every((all) => all.bypassed)) {
      const final = hit !== undefined || allowed.every((all) => all.final);
      return { ...firstAllowed, final };
    }
    if (hit !== undefined) return hit;
    const final = denied.every((verdict) => verdict.final);
    const passed = allowed.find((verdict) => !verdict.bypassed) ?? denied[0];
    return passed === undefined
      ? { bypassed: false, because: "there is no bypass", final }
      : { ...passed, final };
  };
}

function bypass(options: BypassOptions): BypassGroup {
  const { name, whitelist, matchers } = options;
  const here = `${name}, ${formatPosition(options.at)}`;
  return (network, candidates) => {
    if (candidates.length === 0) {
      const because = "the destination is unknown";
      return { bypassed: false, because, final: false };
    }
    if (options.network !== undefined && options.network !== network) {
      const because = `${here} is for ${options.network} alone`;
      return { bypassed: false, because, final: true };
    }
    if (matchers.every(({ current }) => current.size === 0)) {
      return options.network === undefined || whitelist
        ? { bypassed: false, because: `${here} has no matchers`, final: true }
        : {
          bypassed: true,
          because: `${here} is for all ${network}`,
          final: true,
        };
    }
    for (const { host, port } of candidates) {
      const matcher = find(matchers, host, port);
      if (matcher === undefined) continue;
      const { text, at } = matcher;
      const because = `${host} matches ${text}, ${formatPosition(at)}`;
      return { bypassed: !whitelist, because, final: true };
    }
    const hosts = candidates.map(({ host }) => host).join(" and ");
    const because = `${hosts} not in ${here}`;
    const final = !matchers.some(({ current }) => current.matchesNames);
    return { bypassed: whitelist, because, final };
  };
}

function find(
  sets: BypassOptions["matchers"],
  host: string,
  port: number,
): Matcher | undefined {
  for (const { current } of sets) {
    const matcher = current.find(host, port);
    if (matcher !== undefined) return matcher;
  }
  return undefined;
}
