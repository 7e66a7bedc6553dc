import type { Millis } from "../base/clock.ts";
import type { Position } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import type { Address, Prefix } from "../wire/address.ts";
import type {
  BypassConfig,
  ChainConfig,
  ChainGroupConfig,
  EgressConfig,
  NamesConfig,
  ResolverConfig,
} from "./chain_schema.ts";
import type {
  CertificateConfig,
  CredentialsConfig,
  MuxConfig,
  TlsVersion,
} from "./hop_schema.ts";

/** Frozen, with every default filled in and every reference resolved: one chain that two services name is one object. */
export interface Config {
  /** At least one. */
  readonly services: readonly ServiceConfig[];
  readonly log: LogConfig;
}

export type ServiceConfig = TungoServiceConfig | ProxyServiceConfig;

interface ServiceBase {
  readonly at: Position;
  /** Unique. */
  readonly name: string;
  readonly route: RouteConfig;
  readonly sniffing: SniffingConfig;
  readonly hooks: HooksConfig;
  /** What becomes of flows that a new configuration would send another way, or whose service it has not. */
  readonly onReload: "end" | "finish";
}

/** Applications' flows come in through a TUN device. */
export interface TungoServiceConfig extends ServiceBase {
  readonly type: "tungo";
  readonly device: DeviceConfig;
  /** Without it questions to port 53 go where they are sent. */
  readonly dns: DnsConfig | undefined;
  /** When an application's SYN is answered: see `flow/connect.ts`. */
  readonly handshake: "auto" | "truthful" | "eager";
  /** Whose echo requests are answered: nobody's, those to the gateway, or those to any address. */
  readonly icmp: "off" | "gateway" | "all";
  /** Without a datagram in either direction. */
  readonly udpTimeout: Millis;
  /** The largest datagram, in octets. */
  readonly udpBufferSize: number;
  /** Calls the network of TCP flows from IPv6 sources "tcp6" where a bypass asks for it. */
  readonly ipv6: boolean;
}

/** Questions to port 53 are answered here. */
export interface DnsConfig {
  readonly at: Position;
  readonly resolver: ResolverConfig;
  /** Whose addresses stand for names, at most one of each family; none gives the names' own. */
  readonly fakes: readonly Prefix[];
}

/** Clients come in through a socket: the far end, or a proxy. */
export interface ProxyServiceConfig extends ServiceBase {
  readonly type: "proxy";
  readonly protocol: ProxyProtocolConfig;
  /** Where it listens; an empty host means all addresses. */
  readonly host: string;
  readonly port: number;
  readonly listener: ListenerConfig;
  /** Anybody when empty. */
  readonly users: readonly CredentialsConfig[];
  /** For the whole request of a stream. */
  readonly readTimeout: Millis;
  /** A relay serves BIND of UDP. */
  readonly bind: boolean;
  /** SOCKS5 and HTTP serve datagrams; a relay does anyway. */
  readonly udp: boolean;
}

/** GOST's handlers; `auto` tells SOCKS4, SOCKS5 and HTTP by the first octet. */
export type ProxyProtocolConfig =
  | "relay"
  | "socks5"
  | "socks4"
  | "http"
  | "auto";

/** How the flows of a service get out. */
export interface RouteConfig {
  /** Without one, or a group, everything goes direct. */
  readonly chain: ChainConfig | undefined;
  /** In place of a chain. */
  readonly group: ChainGroupConfig | undefined;
  /** A hit rejects the flow. */
  readonly bypasses: readonly BypassConfig[];
  /** For the names of targets. */
  readonly names: NamesConfig;
  /** Of direct dials. */
  readonly egress: EgressConfig;
  /** Of each attempt. */
  readonly dialTimeout: Millis;
  /** Attempts after the first. */
  readonly retries: number;
  /** Flows for which a hop of the chain has no node, or the group no chain, are turned down. */
  readonly strict: boolean;
}

export type ListenerConfig =
  & {
    /** Clients' flows are streams of one carrier: GOST's mtcp, mtls, mws and mwss. Clients choose the version. */
    readonly mux: MuxConfig | undefined;
  }
  & (
    | { readonly type: "tcp" }
    | { readonly type: "tls"; readonly tls: ServerTlsConfig }
    | { readonly type: "ws"; readonly path: string }
    | {
      readonly type: "wss";
      readonly path: string;
      readonly tls: ServerTlsConfig;
    }
  );

export interface ServerTlsConfig {
  readonly at: Position;
  /** Without one it is made and signed by ourselves. */
  readonly certificate: CertificateConfig | undefined;
  readonly alpn: readonly string[];
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
}

export interface DeviceConfig {
  readonly at: Position;
  readonly name: string;
  /** In octets, 576 to 65 535; at least 1 280 with an IPv6 address. */
  readonly mtu: number;
  /** Host bits as written. */
  readonly addresses: readonly Prefix[];
  /** Of a point-to-point device. */
  readonly peer: Address | undefined;
  readonly gateway: Address | undefined;
  readonly routes: readonly DeviceRouteConfig[];
  readonly dns: readonly Address[];
}

export interface DeviceRouteConfig {
  readonly at: Position;
  /** Without host bits. */
  readonly destination: Prefix;
  /** Its own, or the device's where that is of its family. */
  readonly gateway: Address | undefined;
}

export interface SniffingConfig {
  readonly tcp: boolean;
  readonly udp: boolean;
  /** How long the first octets are waited for. */
  readonly timeout: Millis;
  /** Whether the address is dialled when the name could not be. */
  readonly fallback: boolean;
}

/** Commands, each as its words. */
export interface HooksConfig {
  readonly preUp: readonly HookConfig[];
  readonly postUp: readonly HookConfig[];
  readonly preDown: readonly HookConfig[];
  readonly postDown: readonly HookConfig[];
}

export interface HookConfig {
  readonly at: Position;
  /** Program and arguments; at least one. */
  readonly words: readonly string[];
}

export interface LogConfig {
  readonly level: LogLevel;
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: "auto" | "text" | "json";
  readonly output: LogOutputConfig;
}

export type LogOutputConfig =
  | { readonly type: "stderr" }
  | { readonly type: "stdout" }
  | { readonly type: "none" }
  | { readonly type: "file"; readonly path: string };
