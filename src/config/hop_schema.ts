import type { Millis } from "../base/clock.ts";
import type { Position } from "../base/errors.ts";
import type { Secret } from "./secret.ts";

/** What of a configuration says how a node is reached and asked: GOST's dialers and connectors. */

/** GOST's dialers. */
export type TransportConfig =
  | TcpTransportConfig
  | TlsTransportConfig
  | WsTransportConfig
  | WssTransportConfig;

interface TransportBase {
  readonly at: Position;
  /** Idle time before TCP's own keep-alive probes; without it they stay as the system has them. */
  readonly tcpKeepalive: Millis | undefined;
  /** Flows are streams of one carrier: GOST's mtcp, mtls, mws and mwss. */
  readonly mux: MuxConfig | undefined;
}

/** smux. Lengths in octets. */
export interface MuxConfig {
  readonly version: 1 | 2;
  /** `timeout` is at least `interval`. */
  readonly keepalive:
    | { readonly interval: Millis; readonly timeout: Millis }
    | undefined;
  /** Of what is sent, at most 65 535. */
  readonly maxFrameSize: number;
  /** Unread, of all streams of a carrier. */
  readonly receiveBuffer: number;
  /** Unread, of one stream, where the peer can be told; at most `receiveBuffer`. Without it a share of what is left of that. */
  readonly streamBuffer: number | undefined;
}

export interface TcpTransportConfig extends TransportBase {
  readonly type: "tcp";
}

export interface TlsTransportConfig extends TransportBase {
  readonly type: "tls";
  readonly tls: ClientTlsConfig;
  /** Without it the dial's own bound is the only one. */
  readonly handshakeTimeout: Millis | undefined;
}

export interface WsTransportConfig extends TransportBase {
  readonly type: "ws";
  readonly ws: WebSocketConfig;
}

export interface WssTransportConfig extends TransportBase {
  readonly type: "wss";
  readonly tls: ClientTlsConfig;
  readonly ws: WebSocketConfig;
}

export interface WebSocketConfig {
  /** Starts with a slash, percent-encoded. */
  readonly path: string;
  /** The Host header, port included. */
  readonly host: string;
  /** Further headers; secrets among them. */
  readonly headers: readonly HeaderConfig[];
  /** Of TLS and upgrade; without it the dial's own bound is the only one. */
  readonly handshakeTimeout: Millis | undefined;
  /** Between pings; none without it. */
  readonly pingInterval: Millis | undefined;
}

export interface HeaderConfig {
  readonly name: string;
  readonly value: Secret;
}

/** Files are paths as written. */
export interface ClientTlsConfig {
  readonly at: Position;
  /**
   * - `none`: any certificate will do
   * - `chain`: its chain must lead to `caFile`, whatever its name
   * - `full`: chain and name; the system's roots without `caFile`
   */
  readonly verify: "none" | "chain" | "full";
  readonly serverName: string;
  readonly caFile: string | undefined;
  readonly certificate: CertificateConfig | undefined;
  readonly alpn: readonly string[];
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
}

export interface CertificateConfig {
  readonly certFile: string;
  readonly keyFile: string;
}

/** As node:tls has them. */
export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

export type ConnectorConfig =
  | RelayConnectorConfig
  | Socks5ConnectorConfig
  | HttpConnectorConfig
  | Socks4ConnectorConfig;

export interface RelayConnectorConfig {
  readonly type: "relay";
  readonly at: Position;
  readonly auth: CredentialsConfig | undefined;
  /** The user knows that the node answers at once, before the target has octets. */
  readonly nodelay: boolean;
  /** UDP by one port of the node's for each source, where the node has `bind`, too. */
  readonly bind: boolean;
  readonly connectTimeout: Millis | undefined;
}

export interface Socks5ConnectorConfig {
  readonly type: "socks5";
  readonly at: Position;
  readonly auth: CredentialsConfig | undefined;
  readonly connectTimeout: Millis | undefined;
  /** `tunnel`: GOST's UDP over TCP. `associate`: RFC 1928 §7. */
  readonly udp: "tunnel" | "associate";
}

export interface HttpConnectorConfig {
  readonly type: "http";
  readonly at: Position;
  readonly auth: CredentialsConfig | undefined;
  readonly connectTimeout: Millis | undefined;
  /** Of the request; secrets among them. */
  readonly headers: readonly HeaderConfig[];
}

export interface Socks4ConnectorConfig {
  readonly type: "socks4";
  readonly at: Position;
  readonly auth: CredentialsConfig | undefined;
  readonly connectTimeout: Millis | undefined;
}

/** Each at most 255 octets of UTF-8. */
export interface CredentialsConfig {
  readonly username: string;
  readonly password: Secret;
}
