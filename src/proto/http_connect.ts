import { type DialErrorKind, ProtocolError } from "../base/errors.ts";
import type { Credentials } from "./credentials.ts";
import { encodeHead, hasControl, USER_AGENT } from "./http_head.ts";

export interface ConnectRequest {
  /** "host:port", an IPv6 address in brackets; "" for GOST's datagrams, which say themselves where they go. */
  readonly authority: string;
  /** Sent at once, as Basic. RFC 7617. */
  readonly credentials?: Credentials | undefined;
  /** Further ones; of those that the request has its own, only User-Agent gives way. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** GOST's extension: datagrams follow on the stream, framed as in `socks5_udp.ts`. */
  readonly datagrams: boolean;
}

/** RFC 9110 §9.3.6, in the order of GOST's client. Fails for a name that no request line can carry. */
export function encodeConnectRequest(
  { authority, credentials, headers = [], datagrams }: ConnectRequest,
): Uint8Array | ProtocolError {
  if (hasControl(authority) || /\s/.test(authority)) {
    const quoted = JSON.stringify(authority.slice(0, 80));
    return new ProtocolError("http", `Cannot ask for ${quoted}`);
  }
  const own: [string, string][] = [
    ...(credentials === undefined ? [] : [
      [
        "Proxy-Authorization",
        `Basic ${encodeBasic(credentials)}`,
      ] satisfies [string, string],
    ]),
    ["Proxy-Connection", "keep-alive"],
    ...(datagrams
      ? [["X-Gost-Protocol", "udp"] satisfies [string, string]]
      : []),
  ];
  const given = headers.filter(([name]) => !hasField(own, name));
  return encodeHead([
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(hasField(given, "User-Agent") ? [] : [`User-Agent: ${USER_AGENT}`]),
    ...[...own, ...given].map(([name, value]) => `${name}: ${value}`),
  ]);
}

/** What a status other than 200 says of the target or of us (RFC 9110 §15), and Proxy-Status more exactly (RFC 9209 §2.3). */
export function explainConnectStatus(
  status: number,
  proxyStatus: string | undefined,
): DialErrorKind {
  const [, error] = /;\s*error=([a-z_]+)/.exec(proxyStatus ?? "") ?? [];
  switch (error) {
    case "dns_error":
    case "destination_not_found":
    case "destination_unavailable":
    case "destination_ip_unroutable":
      return "unreachable";
    case "connection_refused":
      return "refused";
    case "dns_timeout":
    case "connection_timeout":
      return "timeout";
  }
  switch (status) {
    case 401:
    case 407:
      return "auth";
    case 403:
      return "forbidden";
    case 405:
    case 501:
      return "unsupported";
    case 504:
      return "timeout";
    default:
      return "refused";
  }
}

function hasField(
  fields: readonly (readonly [name: string, value: string])[],
  wanted: string,
): boolean {
  return fields.some(([name]) => name.toLowerCase() === wanted.toLowerCase());
}

/** In UTF-8. RFC 7617 §2.1. */
function encodeBasic({ username, password }: Credentials): string {
  const octets = new TextEncoder().encode(`${username}:${password}`);
  return btoa(String.fromCharCode(...octets));
}
