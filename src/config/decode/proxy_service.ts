import type { CredentialsConfig } from "../hop_schema.ts";
import type {
  ListenerConfig,
  ProxyProtocolConfig,
  ProxyServiceConfig,
} from "../schema.ts";
import { parseEndpoint } from "../values/endpoint.ts";
import type { Context } from "./context.ts";
import { decodeCredentials } from "./credentials.ts";
import type { Metadata } from "./metadata.ts";
import { decodeMux, muxedType } from "./mux.ts";
import {
  child,
  children,
  ignore,
  place,
  refuse,
  type Section,
  text,
  texts,
} from "./section.ts";
import { decodeCommon, type ServiceParts } from "./service_parts.ts";
import { decodeSniffing } from "./sniffing.ts";
import { decodeServerTls } from "./tls.ts";
import { ignoreTls } from "./transport.ts";
import { decodePath, ignoreWebSocketTuning } from "./websocket.ts";

/** GOST's readTimeout. */
const READ_TIMEOUT = 15_000;

const PROTOCOLS: ReadonlyMap<string, ProxyProtocolConfig> = new Map([
  ["relay", "relay"],
  ["socks5", "socks5"],
  ["socks", "socks5"],
  ["socks4", "socks4"],
  ["socks4a", "socks4"],
  ["http", "http"],
  ["auto", "auto"],
]);

/** By GOST's name of the handler; undefined for one that there is not. */
export function proxyProtocol(
  handler: string,
): ProxyProtocolConfig | undefined {
  return PROTOCOLS.get(handler);
}

interface ProxyService {
  readonly name: string;
  readonly protocol: ProxyProtocolConfig;
  /** The document's own `tls`. */
  readonly defaultTls: Section;
}

export function decodeProxyService(
  parts: ServiceParts,
  { name, protocol, defaultTls }: ProxyService,
  context: Context,
): ProxyServiceConfig {
  const { service, handler, listener, handlerMetadata: metadata } = parts;
  const { problems } = context;
  refuse(service, ["admission", "admissions", "forwarder"], problems);
  refuse(listener, ["chain", "chainGroup"], problems);
  ignore(listener, ["auther", "authers", "auth"], problems);
  parts.serviceMetadata.refuse("proxyProtocol");
  metadata.refuse("skipauth");
  ignoreHandlerTuning(metadata, protocol);
  const addr = text(service, "addr");
  const endpoint = parseEndpoint(addr);
  if (endpoint === undefined) {
    problems.error(
      `Cannot listen on "${addr}" as it must be host:port or :port`,
      place(service, "addr"),
    );
  }
  return {
    type: "proxy",
    protocol,
    at: service.at,
    name,
    ...decodeCommon(parts, context),
    sniffing: decodeSniffing(metadata),
    host: endpoint?.host ?? "",
    port: endpoint?.port ?? 0,
    listener: decodeListener(parts, defaultTls, context),
    users: decodeUsers(handler, context),
    readTimeout: metadata.duration(["readTimeout"], READ_TIMEOUT),
    bind: protocol === "relay" && metadata.boolean(["bind"]),
    udp: protocol === "relay" || metadata.boolean(["udp"]),
  };
}

function ignoreHandlerTuning(
  metadata: Metadata,
  protocol: ProxyProtocolConfig,
): void {
  if (protocol === "relay") {
    // Requests are always answered at once.
    metadata.accept("nodelay");
  } else {
    // TLS inside of SOCKS is never offered.
    metadata.accept("notls");
    metadata.ignore("bind", "comp", "authBasicRealm", "proxyAgent", "header");
    metadata.ignore("idleTimeout", "compression");
    metadata.refuse("probe_resist", "probeResist", "probeResistance", "knock");
    metadata.refuse("publicAddr", "socks.publicAddr", "socks5.tor");
  }
  // Datagrams of any size fit.
  metadata.accept("udp.bufferSize", "udpBufferSize");
}

function decodeListener(
  { listener, listenerMetadata: metadata }: ServiceParts,
  defaultTls: Section,
  { problems }: Context,
): ListenerConfig {
  metadata.ignore("keepalive", "keepalive.idle", "keepalive.interval");
  metadata.ignore("keepalive.count", "mptcp", "reuseport");
  const own = child(listener, "tls");
  const given = own.node.entries.length === 0 ? defaultTls : own;
  const named = text(listener, "type").toLowerCase();
  const carrier = muxedType(named);
  const mux = carrier && decodeMux(metadata, carrier, problems);
  const type = carrier ?? named;
  switch (type) {
    case "tls":
      return { type, mux, tls: decodeServerTls(given, problems) };
    case "ws":
      ignoreTls(listener, problems);
      return { type, mux, path: decodeWebSocketPath(metadata) };
    case "wss":
      return {
        type,
        mux,
        path: decodeWebSocketPath(metadata),
        tls: decodeServerTls(given, problems),
      };
    default:
      ignoreTls(listener, problems);
      return { type: "tcp", mux };
  }
}

function decodeWebSocketPath(metadata: Metadata): string {
  ignoreWebSocketTuning(metadata);
  for (const key of ["handshakeTimeout", "backlog", "header"]) {
    metadata.ignore(key, `ws.${key}`);
  }
  return decodePath(metadata);
}

/** Authers win over `auth`, as in GOST. */
function decodeUsers(
  handler: Section,
  context: Context,
): readonly CredentialsConfig[] {
  const { problems, references } = context;
  const named = [
    ...(text(handler, "auther") === "" ? [] : [text(handler, "auther")]),
    ...texts(handler, "authers").map(({ text }) => text),
  ];
  const from = place(handler, text(handler, "auther") ? "auther" : "authers");
  const own = decodeCredentials(child(handler, "auth"), problems);
  if (named.length === 0) return own === undefined ? [] : [own];
  return named.flatMap((name) => {
    const auther = references.find("authers", name, from);
    if (auther === undefined) return [];
    refuse(auther, ["file", "redis", "http", "plugin"], problems);
    const users = children(auther, "auths")
      .map((auth) => decodeCredentials(auth, problems))
      .filter((user) => user !== undefined);
    if (users.length === 0) {
      const message = `Cannot use the auther "${name}" without auths`;
      problems.error(message, auther);
    }
    return users;
  });
}
