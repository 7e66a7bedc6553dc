import type { Millis } from "../base/clock.ts";
import type { ConfigError, Position } from "../base/errors.ts";
import type { Address } from "../wire/address.ts";
import type {
  ClientTlsConfig,
  ConnectorConfig,
  HeaderConfig,
  TransportConfig,
} from "./hop_schema.ts";
import type { ConfigWarning, Place } from "./problems.ts";
import type { Secret } from "./secret.ts";

/** What of a configuration says how a flow gets out; `schema.ts` has the rest. */

export interface ChainConfig {
  readonly at: Position;
  readonly name: string;
  /** At least one, nearest first. */
  readonly hops: readonly HopConfig[];
  /** Its share in a group with `random`, at least 1. */
  readonly weight: number;
  /** Taken only where no other chain of a group is left. */
  readonly backup: boolean;
  /** In a group: undefined for what the group says. */
  readonly maxFails: number | undefined;
  readonly failTimeout: Millis | undefined;
}

/** Chains of which each flow takes one. */
export interface ChainGroupConfig {
  readonly at: Position;
  readonly name: string;
  readonly strategy: StrategyConfig;
  readonly maxLatency: Millis | undefined;
  /** At least one. */
  readonly entries: readonly GroupEntryConfig[];
}

export interface GroupEntryConfig {
  readonly chain: ChainConfig;
  /** Undefined for all flows. */
  readonly rule: NodeRuleConfig | undefined;
  readonly probe: ProbeConfig | undefined;
  /** So many failures in a row keep flows away from it, at least 1. */
  readonly maxFails: number;
  /** For how long. */
  readonly failTimeout: Millis;
}

export interface HopConfig {
  readonly at: Position;
  readonly name: string;
  /** A hit ends the chain before this hop. */
  readonly bypasses: readonly BypassConfig[];
  /** Flows for which there is no node are turned down; else the chain ends before this hop for them. */
  readonly strict: boolean;
  /** Matters where there are several nodes. */
  readonly strategy: StrategyConfig;
  /** Nodes that take longer are left out where there are others. */
  readonly maxLatency: Millis | undefined;
  /** Without one there is a loader. */
  readonly nodes: readonly NodeConfig[];
  /** Of further nodes. */
  readonly loader: NodeLoaderConfig;
}

export interface NodeLoaderConfig extends LoaderConfig {
  readonly readNodes: NodesReader;
}

/** Reads a list of nodes that a file has. Never throws. */
export type NodesReader = (
  /** What positions call it. */
  file: string,
  text: string,
) => {
  /** To be thrown away when there are errors. */
  readonly nodes: readonly NodeConfig[];
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigWarning[];
};

export type StrategyConfig =
  | "round"
  | "random"
  | "fifo"
  | "hash"
  | "parallel"
  | "lowestlatency";

/** A connection through a node, made now and then to see how it fares. */
export interface ProbeConfig {
  readonly at: Position;
  readonly host: string;
  readonly port: number;
  readonly interval: Millis;
  /** Of all of it. */
  readonly timeout: Millis;
  /** What is asked for on the connection; undefined for nothing. */
  readonly http: HttpProbeConfig | undefined;
}

export interface HttpProbeConfig {
  /** Starts with a slash. */
  readonly path: string;
  readonly host: string;
  readonly headers: readonly HeaderConfig[];
  /** Any other one is a failure. */
  readonly status: number;
}

/** Which flows a node is for. */
export interface NodeRuleConfig {
  readonly at: Position;
  readonly text: string;
  readonly rule: RuleConfig;
  /** Flows take the nodes of the highest one that are for them; 0 is that of nodes without a rule. */
  readonly priority: number;
}

export type RuleConfig =
  | { readonly type: "and" | "or"; readonly of: readonly RuleConfig[] }
  | { readonly type: "not"; readonly of: RuleConfig }
  /** In lower case; with a leading dot, or asterisk and dot, proper subdomains. */
  | { readonly type: "host"; readonly host: string }
  | {
    readonly type: "hostRegexp";
    readonly expression: string;
    readonly flags: string;
  }
  /** What a network starts with. */
  | { readonly type: "network"; readonly network: string }
  /** An address, a range or a prefix. */
  | { readonly type: "clientIP"; readonly pattern: string }
  /** A hit of the bypass. */
  | { readonly type: "bypass"; readonly bypass: BypassConfig }
  | { readonly type: "never" };

export type NodeConfig = ProxyNodeConfig | DirectNodeConfig;

interface NodeBase {
  readonly at: Position;
  readonly name: string;
  /** A hit leaves the node out; without another node it ends the chain before the hop. */
  readonly bypasses: readonly BypassConfig[];
  /** For its own address. */
  readonly names: NamesConfig;
  readonly egress: EgressConfig;
  /** Undefined for all flows. */
  readonly rule: NodeRuleConfig | undefined;
  readonly probe: ProbeConfig | undefined;
  /** Its share with `random`, at least 1. */
  readonly weight: number;
  /** Taken only where no other node is left. */
  readonly backup: boolean;
  /** So many failures in a row keep flows away from it, at least 1. */
  readonly maxFails: number;
  /** For how long. */
  readonly failTimeout: Millis;
}

export interface ProxyNodeConfig extends NodeBase {
  readonly type: "proxy";
  /** A name or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: TransportConfig;
  readonly connector: ConnectorConfig;
}

/** Dials the target itself, with its own egress. */
export interface DirectNodeConfig extends NodeBase {
  readonly type: "direct";
  /** Turns down whatever comes to it instead. */
  readonly rejects: boolean;
}

/** What sockets are bound to. */
export interface EgressConfig {
  /** Tried in this order. */
  readonly interfaces: readonly InterfaceConfig[];
  /** SO_MARK, > 0. */
  readonly mark: number | undefined;
  /** Undefined where it is the program's own. */
  readonly netns: NetnsConfig | undefined;
}

/** The network namespace that sockets are made in. Only Linux has them. */
export interface NetnsConfig extends Place {
  /** As `ip netns` has it, or an absolute path. */
  readonly name: string;
}

export interface InterfaceConfig {
  /** A name, one of its addresses, or "auto": the one of the default route. */
  readonly name: string;
  /** When dialling through it fails, the next one is not tried. */
  readonly strict: boolean;
}

export interface BypassConfig {
  readonly at: Position;
  readonly name: string;
  readonly whitelist: boolean;
  /** "tcp", "udp", "tcp6"; any when undefined. */
  readonly network: string | undefined;
  readonly matchers: readonly MatcherConfig[];
  /** Of further matchers. */
  readonly loader: LoaderConfig;
}

/** Where a list comes from that the configuration does not spell out. */
export interface LoaderConfig {
  readonly sources: readonly SourceConfig[];
  /** Between readings, at least 1 s; without it they are read once. */
  readonly reload: Millis | undefined;
}

export type SourceConfig = FileSourceConfig | HttpSourceConfig;

export interface FileSourceConfig extends Place {
  readonly type: "file";
  /** As written. */
  readonly file: string;
}

export interface HttpSourceConfig extends Place {
  readonly type: "http";
  /** What positions call it: the URL without what may be secret. */
  readonly file: string;
  readonly url: Secret;
  /** For the whole download. */
  readonly timeout: Millis;
}

export interface MatcherConfig {
  readonly at: Position;
  readonly text: string;
}

/** What is asked for a name before anybody else: `hosts`, then `resolver`. With neither, names stay names. */
export interface NamesConfig {
  readonly hosts: HostsConfig | undefined;
  readonly resolver: ResolverConfig | undefined;
}

export interface HostsConfig {
  readonly at: Position;
  readonly name: string;
  readonly mappings: readonly HostMappingConfig[];
  /** Of further mappings, as hosts(5) has them. */
  readonly loader: LoaderConfig;
}

export interface HostMappingConfig {
  readonly at: Position;
  /** As `wire/address.ts` formats it. */
  readonly address: string;
  /** In lower case. One with a leading dot stands for all names below it too, "." for every name. */
  readonly names: readonly string[];
}

export interface ResolverConfig {
  readonly at: Position;
  readonly name: string;
  /** At least one; asked in this order until one has an address. */
  readonly nameservers: readonly NameserverConfig[];
}

export interface NameserverConfig {
  readonly at: Position;
  readonly protocol: "udp" | "tcp" | "tls" | "https";
  /** Of tls and https. */
  readonly tls: ClientTlsConfig | undefined;
  /** Of https; starts with a slash, percent-encoded. */
  readonly path: string;
  /** A name or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** What questions go through; without one they go straight out. */
  readonly chain: ChainConfig | undefined;
  /** The families that are asked for, the preferred one first. */
  readonly families: readonly ("ipv4" | "ipv6")[];
  /** Patterns of the names that it, and no other nameserver, is asked for; all without any. */
  readonly domains: readonly MatcherConfig[];
  /** Told to the nameserver as the client's (RFC 7871). */
  readonly clientIp: Address | undefined;
  /** Replaces that of the answers; 0 keeps none of them. */
  readonly ttl: Millis | undefined;
  /** For each question. */
  readonly timeout: Millis;
  /** Answers that are no longer valid are given while new ones are asked for. */
  readonly async: boolean;
}
