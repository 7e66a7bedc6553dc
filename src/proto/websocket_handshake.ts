import { createHash } from "node:crypto";
import { ProtocolError } from "../base/errors.ts";
import {
  encodeHead,
  hasControl,
  hasToken,
  type HttpHead,
  isToken,
  parseRequestLine,
  parseStatusLine,
  USER_AGENT,
} from "./http_head.ts";

/** RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";

/** Fields that belong to the handshake itself. */
const RESERVED = new Set([
  "connection",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
  "upgrade",
]);

export interface UpgradeRequest {
  /** Value of Host, with its port even where that is the default. */
  readonly host: string;
  /** Not encoded; a "?" belongs to it. */
  readonly path: string;
  /** 16 random octets, for this connection only. */
  readonly nonce: Uint8Array;
  /** `Host` and `User-Agent` replace ours, `Sec-WebSocket-Protocol` is the offer of subprotocols. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface UpgradeAnswer {
  /** Everything but 101 ends the connection. */
  readonly status: 101 | 400 | 404 | 405;
  readonly octets: Uint8Array;
  /** "" for none. */
  readonly subprotocol: string;
}

/** In the order of GOST's client. Fails for a header that is malformed or belongs to the handshake: try it out when configuring. */
export function encodeUpgradeRequest(
  { host, path, nonce, headers = {} }: UpgradeRequest,
): Uint8Array | ProtocolError {
  const given = Object.entries({ Host: host, ...headers });
  for (const [name, value] of given) {
    const reserved = RESERVED.has(name.toLowerCase());
    if (reserved || !isToken(name) || hasControl(value)) {
      return fail(`Cannot send the header ${JSON.stringify(name)}`);
    }
  }
  const sorted = [
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", encodeKey(nonce)],
    ["Sec-WebSocket-Version", VERSION],
    ["Upgrade", "websocket"],
    ...given.filter(([name]) => !/^(?:host|user-agent)$/i.test(name)),
  ].sort(([a = ""], [b = ""]) => a < b ? -1 : 1);
  const lines = [
    `GET ${requestTarget(path)} HTTP/1.1`,
    `Host: ${valueOf(headers, "host") ?? host}`,
    `User-Agent: ${valueOf(headers, "user-agent") ?? USER_AGENT}`,
    ...sorted.map(([name, value]) => `${name}: ${value}`),
  ];
  return encodeHead(lines);
}

/** Returns the subprotocol that the server chose, "" for none. RFC 6455 §4.1. */
export function checkUpgradeAnswer(
  { startLine, headers }: HttpHead,
  { nonce, headers: sent = {} }: UpgradeRequest,
): string | ProtocolError {
  const line = parseStatusLine(startLine);
  if (line?.status !== 101) {
    const answer = JSON.stringify(startLine.slice(0, 80));
    return fail(`Expected 101 Switching Protocols, got ${answer}`);
  }
  if (!isUpgrade(headers)) return fail("The answer upgrades to something else");
  if (headers.get("sec-websocket-accept") !== accept(encodeKey(nonce))) {
    return fail("Sec-WebSocket-Accept does not match the key");
  }
  if (headers.has("sec-websocket-extensions")) {
    return fail("The server chose an extension, none was offered");
  }
  const protocol = headers.get("sec-websocket-protocol") ?? "";
  const offer = valueOf(sent, "sec-websocket-protocol") ?? "";
  if (
    protocol !== "" &&
    !offer.split(",").some((item) => item.trim() === protocol)
  ) {
    return fail("The server chose a subprotocol that was not offered");
  }
  return protocol;
}

export interface UpgradeOptions {
  readonly path: string;
  /** Chosen where the client offers it. */
  readonly subprotocol?: string;
}

/** Judges as GOST's server does, in its order. No extension is chosen. RFC 6455 §4.2. */
export function answerUpgradeRequest(
  { startLine, headers }: HttpHead,
  { path, subprotocol = "" }: UpgradeOptions,
): UpgradeAnswer {
  const line = parseRequestLine(startLine);
  if (line === undefined || !headers.has("host")) return refuse(400);
  const [target] = line.target.split("?");
  if (target !== requestTarget(path)) return refuse(404);
  if (!isUpgrade(headers)) return refuse(400);
  if (line.method !== "GET") return refuse(405);
  const key = headers.get("sec-websocket-key") ?? "";
  const version = headers.get("sec-websocket-version");
  // 16 octets in base64.
  if (version !== VERSION || !/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    return refuse(400);
  }
  const chosen = subprotocol !== "" &&
    hasToken(headers.get("sec-websocket-protocol"), subprotocol);
  const octets = encodeHead([
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept(key)}`,
    ...(chosen ? [`Sec-WebSocket-Protocol: ${subprotocol}`] : []),
  ]);
  return { status: 101, octets, subprotocol: chosen ? subprotocol : "" };
}

const REFUSALS = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
} as const;

/** Deviation: GOST keeps the connection, which would make us read requests with bodies. */
function refuse(status: keyof typeof REFUSALS): UpgradeAnswer {
  const reason = REFUSALS[status];
  const octets = encodeHead([
    `HTTP/1.1 ${status} ${reason}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${reason.length + 1}`,
    // RFC 6455 §4.4.
    ...(status === 404 ? [] : [`Sec-WebSocket-Version: ${VERSION}`]),
  ], `${reason}\n`);
  return { status, octets, subprotocol: "" };
}

function isUpgrade(headers: HttpHead["headers"]): boolean {
  return hasToken(headers.get("upgrade"), "websocket") &&
    hasToken(headers.get("connection"), "upgrade");
}

/** As Go encodes a path, with the "/" that it may lack. */
function requestTarget(path: string): string {
  const octets = new TextEncoder().encode(path);
  const encoded = Array.from(octets, (octet) => {
    const character = String.fromCharCode(octet);
    return /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character)
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
  return encoded.startsWith("/") ? encoded : `/${encoded}`;
}

function encodeKey(nonce: Uint8Array): string {
  return btoa(String.fromCharCode(...nonce));
}

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key. RFC 6455 §4.2.2. */
function accept(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}

/** The value of a header whose name is given in lower case. */
function valueOf(
  headers: Readonly<Record<string, string>>,
  lowerName: string,
): string | undefined {
  return Object.entries(headers)
    .find(([name]) => name.toLowerCase() === lowerName)?.[1];
}

function fail(message: string): ProtocolError {
  return new ProtocolError("websocket", message);
}
