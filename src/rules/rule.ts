import { type BypassGroup, type Candidate } from "./bypass.ts";
import { compilePatterns } from "./pattern_set.ts";

/** What a rule is asked about. */
export interface Subject {
  /** "tcp", "udp", "tcp6" */
  readonly network: string;
  readonly source: Candidate;
  /** What the destination is known as. */
  readonly destination: readonly Candidate[];
}

/** Whether a node is for a flow: what GOST calls a matcher. */
export type Rule = (subject: Subject) => boolean;

export const NEVER: Rule = (): boolean => false;

export function allOf(rules: readonly Rule[]): Rule {
  return (subject) => rules.every((rule) => rule(subject));
}

export function anyOf(rules: readonly Rule[]): Rule {
  return (subject) => rules.some((rule) => rule(subject));
}

export function not(rule: Rule): Rule {
  return (subject) => !rule(subject);
}

/** `host` is in lower case. With a leading dot, or asterisk and dot, it stands for proper subdomains. */
export function host(host: string): Rule {
  const suffix = /^\*?(\..+)$/.exec(host)?.[1];
  return ({ destination }) =>
    destination.some(({ host: name }) =>
      suffix === undefined
        ? name.toLowerCase() === host
        : name.toLowerCase().endsWith(suffix)
    );
}

export function hostRegexp(expression: RegExp): Rule {
  return ({ destination }) =>
    destination.some(({ host }) => expression.test(host.toLowerCase()));
}

/** "tcp" is for "tcp6", too. */
export function network(start: string): Rule {
  return ({ network }) => network.startsWith(start);
}

/** `pattern` is an address, a range or a prefix. */
export function clientIp(pattern: string): Rule {
  const patterns = compilePatterns([pattern]);
  return ({ source: { host, port } }) => patterns.match(host, port) >= 0;
}

/** As in GOST, a bypass is always asked for TCP here. */
export function bypassed(decide: BypassGroup): Rule {
  return ({ destination }) => decide("tcp", destination).bypassed;
}
