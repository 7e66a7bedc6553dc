import {
  type Address,
  formatAddress,
  parseAddress,
  parsePrefix,
  type Prefix,
} from "../wire/address.ts";
import { compileGlob, type Glob } from "./glob.ts";

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What one matcher of a bypass says. GOST's classification, in its order. */
export type Pattern =
  | { readonly kind: "prefix"; readonly prefix: Prefix }
  /** `*.example.com`; `suffix` keeps its leading dot. */
  | {
    readonly kind: "below";
    readonly suffix: string;
    readonly ports: PortRange;
  }
  /** `literal` is in whatever matches. */
  | {
    readonly kind: "glob";
    readonly glob: Glob;
    readonly literal: string;
    readonly ports: PortRange;
  }
  | { readonly kind: "range"; readonly first: Address; readonly last: Address }
  /** `example.com`, or `.example.com` for itself and everything below. */
  | { readonly kind: "name"; readonly name: string; readonly ports: PortRange }
  /** Matches nothing. `problem` is a clause without a subject's name. */
  | { readonly kind: "invalid"; readonly problem: string };

const ANY_PORT: PortRange = { first: 0, last: 65_535 };

export function parsePattern(text: string): Pattern {
  const pattern = text.trim().toLowerCase();
  if (pattern === "") return invalid("it is empty");
  if (pattern.includes("/")) return parseWithLength(pattern);
  if (/[*?]/.test(pattern)) return parseWildcard(pattern);
  return parseRange(pattern) ?? parseName(pattern);
}

/** What is wrong with a matcher, undefined when nothing is. */
export function patternProblem(text: string): string | undefined {
  const pattern = parsePattern(text);
  return pattern.kind === "invalid" ? pattern.problem : undefined;
}

function parseWithLength(text: string): Pattern {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { kind: "prefix", prefix };
  return invalid("only prefixes have a slash: write one like 10.0.0.0/8");
}

function parseWildcard(text: string): Pattern {
  const { host, port } = splitPort(text) ?? { host: text };
  const ports = parsePorts(port);
  if (ports === undefined) return invalid("its range of ports is empty");
  if (/^\*\.[^*?[{\\]+$/.test(host)) {
    return { kind: "below", suffix: host.slice(1), ports };
  }
  const glob = compileGlob(host);
  if (typeof glob === "string") return invalid(glob);
  return { kind: "glob", glob, literal: literalOf(host), ports };
}

/** The longest text that stands in a wildcard as it is; empty where that is not to be seen at once. */
function literalOf(host: string): string {
  if (/[[{\\]/.test(host)) return "";
  const parts = host.split(/[*?]+/);
  return parts.reduce((a, b) => b.length > a.length ? b : a);
}

/** One address, or two with a dash between them; undefined where it is not that. */
function parseRange(text: string): Pattern | undefined {
  const [from = "", to, more] = text.split("-").map((part) => part.trim());
  const first = parseAddress(from);
  if (first === undefined || more !== undefined) return undefined;
  if (to === undefined) return { kind: "range", first, last: first };
  const last = parseAddress(to);
  if (last === undefined) return undefined;
  if (first.length !== last.length) {
    return invalid("both ends of a range must be of one family");
  }
  if (isBefore(last, first)) {
    return invalid(`the range is empty: write ${to}-${from}`);
  }
  return { kind: "range", first, last };
}

function parseName(text: string): Pattern {
  const split = splitPort(text);
  if (split === undefined || /\s/.test(split.host)) {
    return invalid("it is neither an address nor a name");
  }
  const ports = parsePorts(split.port);
  if (ports === undefined) return invalid("its range of ports is empty");
  const address = parseAddress(split.host);
  if (address === undefined) return { kind: "name", name: split.host, ports };
  if (split.port === undefined) {
    return { kind: "range", first: address, last: address };
  }
  return { kind: "name", name: formatAddress(address), ports };
}

/** Undefined where several colons are not those of a bracketed address. */
function splitPort(
  text: string,
): { readonly host: string; readonly port?: string } | undefined {
  const [, address, , bracketed] = /^\[([^\]]*)\](:(.*))?$/.exec(text) ?? [];
  if (address !== undefined) {
    return bracketed === undefined
      ? { host: address }
      : { host: address, port: bracketed };
  }
  const colon = text.indexOf(":");
  if (colon < 0) return { host: text };
  if (colon !== text.lastIndexOf(":")) return undefined;
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** As in GOST, what is not a port or a range of them means any. Undefined for an empty range. */
function parsePorts(text: string | undefined): PortRange | undefined {
  const [, first, , last] = /^(\d+)(-(\d+))?$/.exec(text ?? "") ?? [];
  if (first === undefined) return ANY_PORT;
  const ports = { first: Number(first), last: Number(last ?? first) };
  if (ports.first > ports.last) return undefined;
  if (last === undefined && ports.last > ANY_PORT.last) return ANY_PORT;
  return ports;
}

function isBefore(a: Address, b: Address): boolean {
  const differing = a.findIndex((octet, i) => octet !== b[i]);
  return differing >= 0 && (a[differing] ?? 0) < (b[differing] ?? 0);
}

function invalid(problem: string): Pattern {
  return { kind: "invalid", problem };
}
