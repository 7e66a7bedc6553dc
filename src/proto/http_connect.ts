import { type DialErrorKind, ProtocolError } from "../base/errors.ts";
import type { Credentials } from "./credentials.ts";
import { encodeHead, hasControl, USER_AGENT } from "./http_head.ts";

export interface ConnectRequest {
  /** "host:port", an IPv6 address in brackets; "" for GOST's datagrams, which say themselves where they go. */
  readonly authority: string;
  /** Sent at once, as Basic. RFC 7617. */
  readonly credentials?: Credentials | undefined;
  /** GOST's extension: datagrams follow on the stream, framed as in `socks5_udp.ts`. */
  readonly datagrams: boolean;
}

/** RFC 9110 §9.3.6, in the order of GOST's client. Fails for a name that no request line can carry. */
export function encodeConnectRequest(
  { authority, credentials, datagrams }: ConnectRequest,
): Uint8Array | ProtocolError {
  if (hasControl(authority) || /\s/.test(authority)) {
    const quoted = JSON.stringify(authority.slice(0, 80));
    return new ProtocolError("http", `Cannot ask for ${quoted}`);
  }
  return encodeHead([
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    `User-Agent: ${USER_AGENT}`,
    ...(credentials === undefined
      ? []
      : [`Proxy-Authorization: Basic ${encodeBasic(credentials)}`]),
    "Proxy-Connection: keep-alive",
    ...(datagrams ? ["X-Gost-Protocol: udp"] : []),
  ]);
}

/** What a status other than 200 says of the target or of us. RFC 9110 §15. */
export function explainConnectStatus(status: number): DialErrorKind {
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

/** In UTF-8. RFC 7617 §2.1. */
function encodeBasic({ username, password }: Credentials): string {
  const octets = new TextEncoder().encode(`${username}:${password}`);
  return btoa(String.fromCharCode(...octets));
}
