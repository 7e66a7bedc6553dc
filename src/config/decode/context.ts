import type {
  BypassConfig,
  ChainConfig,
  HostsConfig,
  ResolverConfig,
} from "../chain_schema.ts";
import type { Place, Problems } from "../problems.ts";
import type { Mapping } from "../tree/node.ts";
import type { References } from "./references.ts";

/** What every decoder is given. They decode wrong objects too, so that all problems are found; the result is thrown away then. */
export interface Context {
  readonly problems: Problems;
  readonly references: References;
  /** The same with problems of its own, for what is read while flows go on. */
  readonly reporting: (problems: Problems) => Context;
  /** What is wrong with a matcher of a bypass, undefined when nothing is. */
  readonly patternProblem: (text: string) => string | undefined;
  /** What was decoded already: an object that is referred to twice stays one. */
  readonly chains: Map<Mapping, ChainConfig>;
  readonly bypasses: Map<Mapping, BypassConfig>;
  readonly hosts: Map<Mapping, HostsConfig>;
  /** "open" while it is being decoded: its nameservers may have chains, whose nodes may not need it again. */
  readonly resolvers: Map<Mapping, ResolverConfig | "open">;
  /** The chain called `reference`: for what chains have a part of themselves. */
  readonly chain: (reference: string, from: Place) => ChainConfig | undefined;
}
