import { ProtocolError } from "../base/errors.ts";
import { formatAddress, parseAddress } from "../wire/address.ts";
import type { Credentials } from "./credentials.ts";
import {
  encodeHead,
  hasToken,
  type HttpHead,
  parseRequestLine,
} from "./http_head.ts";
import type { SocksAddress } from "./socks_address.ts";

export interface ProxyRequest {
  /**
   * - `connect`: a tunnel. RFC 9110 §9.3.6
   * - `datagrams`: GOST's extension, framed as in `socks5_udp.ts`
   * - `forward`: a request in absolute-form. RFC 9112 §3.2.2
   */
  readonly kind: "connect" | "datagrams" | "forward";
  /** An empty name for datagrams. */
  readonly target: SocksAddress;
  /** Of Proxy-Authorization, where it is Basic. */
  readonly credentials: Credentials | undefined;
  /** What the target is sent of a request that is forwarded. */
  readonly head: Uint8Array;
  /** Octets that belong to the request behind its head; Infinity where only its end tells. */
  readonly body: number;
}

const HTTP_PORT = 80;
const NOWHERE: SocksAddress = { host: "", port: 0 };

/** Fields between a client and its proxy, and those of one connection. RFC 9110 §7.6.1. */
const HOP_BY_HOP: readonly string[] = [
  ..."proxy-authorization proxy-connection connection keep-alive".split(" "),
  ..."te upgrade host".split(" "),
];

/** Fails for what no proxy can serve: a request in origin-form, a scheme other than http, a target that is none. */
export function parseProxyRequest(
  { startLine, headers }: HttpHead,
): ProxyRequest | ProtocolError {
  const line = parseRequestLine(startLine.replace("CONNECT  ", "CONNECT - "));
  if (line === undefined) return fail("Not a request");
  const credentials = parseBasic(headers.get("proxy-authorization"));
  if (line.method === "CONNECT") {
    const isUdp = headers.get("x-gost-protocol")?.toLowerCase() === "udp";
    const target = isUdp ? NOWHERE : parseAuthority(line.target, undefined);
    if (target === undefined) return fail("Not a target");
    const kind = isUdp ? "datagrams" : "connect";
    const head = new Uint8Array();
    return { kind, target, credentials, head, body: Infinity };
  }
  const [, authority = "", path = ""] =
    /^http:\/\/(?:[^/?#@]*@)?([^/?#@]+)([^#]*)/i.exec(line.target) ?? [];
  const target = parseAuthority(authority, HTTP_PORT);
  if (target === undefined) return fail("Not a target");
  const version = startLine.slice(startLine.lastIndexOf(" ") + 1);
  const origin = path.startsWith("/") ? path : `/${path}`;
  const head = encodeHead([
    `${line.method} ${origin} ${version}`,
    `Host: ${authority}`,
    ...endToEnd(headers),
    ...connectionOf(headers),
  ]);
  return {
    kind: "forward",
    target,
    credentials,
    head,
    body: bodyLength(headers),
  };
}

/** RFC 9112 §6.3. */
function bodyLength(headers: HttpHead["headers"]): number {
  if (headers.has("transfer-encoding") || headers.has("upgrade")) {
    return Infinity;
  }
  const length = Number(headers.get("content-length") ?? 0);
  return Number.isSafeInteger(length) && length >= 0 ? length : Infinity;
}

/** A connection serves one request, so that the next one may go elsewhere; one that is upgraded belongs to it anyway. */
function connectionOf(headers: HttpHead["headers"]): readonly string[] {
  const upgrade = headers.get("upgrade");
  return upgrade !== undefined && hasToken(headers.get("connection"), "upgrade")
    ? ["Connection: Upgrade", `Upgrade: ${upgrade}`]
    : ["Connection: close"];
}

function endToEnd(headers: HttpHead["headers"]): readonly string[] {
  const connection = headers.get("connection");
  return [...headers]
    .filter(([name]) =>
      !HOP_BY_HOP.includes(name) && !hasToken(connection, name)
    )
    // Servers that know only the usual spelling are still about.
    .map(([name, value]) =>
      `${name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())}: ${value}`
    );
}

/** "host:port", an IPv6 address in brackets; undefined for what is neither, or has no port where there is no default. */
function parseAuthority(
  text: string,
  defaultPort: number | undefined,
): SocksAddress | undefined {
  const [, v6, name, digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined || port > 0xffff) return undefined;
  if (v6 === undefined) return name && { host: name, port } || undefined;
  const address = parseAddress(v6);
  return address && { host: formatAddress(address), port };
}

/** RFC 7617 §2; undefined for any other scheme. */
function parseBasic(value: string | undefined): Credentials | undefined {
  const [, encoded] = /^basic\s+(\S+)$/i.exec(value ?? "") ?? [];
  if (encoded === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(encoded));
    const [, username = "", password = ""] = /^([^:]*):?([^]*)$/.exec(text) ??
      [];
    return { username, password };
  } catch {
    return undefined;
  }
}

/** Why a proxy does not do what it is asked for. */
export type ProxyRefusal =
  | "bad request"
  | "unauthorized"
  | "forbidden"
  | "refused"
  | "unreachable"
  | "timeout";

/** Status line, and the error of RFC 9209 §2.3 that says more. */
const REFUSALS: {
  readonly [R in ProxyRefusal]: readonly [string, string | undefined];
} = {
  "bad request": ["400 Bad Request", undefined],
  "unauthorized": ["407 Proxy Authentication Required", undefined],
  "forbidden": ["403 Forbidden", "http_request_denied"],
  "refused": ["502 Bad Gateway", "connection_refused"],
  "unreachable": ["502 Bad Gateway", "destination_ip_unroutable"],
  "timeout": ["504 Gateway Timeout", "connection_timeout"],
};

export function encodeProxyRefusal(refusal: ProxyRefusal): Uint8Array {
  const [status, error] = REFUSALS[refusal];
  const body = `${status.slice(4)}\n`;
  return encodeHead([
    `HTTP/1.1 ${status}`,
    ...(error === undefined ? [] : [`Proxy-Status: tungo; error=${error}`]),
    ...(refusal === "unauthorized"
      ? ['Proxy-Authenticate: Basic realm="tungo"']
      : []),
    "Content-Type: text/plain",
    `Content-Length: ${body.length}`,
    "Connection: close",
  ], body);
}

/** What a tunnel begins with; GOST's clients take no status but 200. */
export function encodeProxyAcceptance(): Uint8Array {
  return encodeHead(["HTTP/1.1 200 Connection established"]);
}

function fail(message: string): ProtocolError {
  return new ProtocolError("http", message);
}
