import { formatPosition, type Position } from "../base/errors.ts";
import { compilePatterns } from "./pattern_set.ts";

export interface Matcher {
  readonly text: string;
  readonly at: Position;
}

export interface BypassOptions {
  readonly name: string;
  readonly at: Position;
  /** Turns the decision round: what matches is not bypassed. */
  readonly whitelist: boolean;
  /** "tcp", "udp" or "tcp6"; flows of other networks are not bypassed. */
  readonly network: string | undefined;
  readonly matchers: readonly Matcher[];
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
}

/** What the rules know a flow's destination as: what the application chose, and its name. */
export function candidatesOf(
  { dst, name }: { readonly dst: Candidate; readonly name?: string },
): readonly Candidate[] {
  return name === undefined ? [dst] : [dst, { host: name, port: dst.port }];
}

/**
 * Decides for a flow of `network`. It matches a pattern when one of its candidates does: the address that the
 * application chose, or the name that it is known by.
 */
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
    const [firstAllowed] = allowed;
    if (firstAllowed !== undefined && allowed.every((all) => all.bypassed)) {
      return firstAllowed;
    }
    const denied = blacklists.map((decide) => decide(network, candidates));
    return denied.find((verdict) => verdict.bypassed) ??
      allowed.find((verdict) => !verdict.bypassed) ?? denied[0] ??
      { bypassed: false, because: "there is no bypass" };
  };
}

function bypass(options: BypassOptions): BypassGroup {
  const { name, whitelist, matchers } = options;
  const patterns = compilePatterns(matchers.map(({ text }) => text));
  const here = `${name}, ${formatPosition(options.at)}`;
  return (network, candidates) => {
    if (candidates.length === 0) {
      return { bypassed: false, because: "the destination is unknown" };
    }
    if (options.network !== undefined && options.network !== network) {
      const because = `${here} is for ${options.network} alone`;
      return { bypassed: false, because };
    }
    if (patterns.size === 0) {
      return options.network === undefined || whitelist
        ? { bypassed: false, because: `${here} has no matchers` }
        : { bypassed: true, because: `${here} is for all ${network}` };
    }
    for (const { host, port } of candidates) {
      const matcher = matchers[patterns.match(host, port)];
      if (matcher === undefined) continue;
      const { text, at } = matcher;
      const because = `${host} matches ${text}, ${formatPosition(at)}`;
      return { bypassed: !whitelist, because };
    }
    const hosts = candidates.map(({ host }) => host).join(" and ");
    return { bypassed: whitelist, because: `${hosts} not in ${here}` };
  };
}
