import type { HeaderConfig, WebSocketConfig } from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
import { Secret } from "../secret.ts";
import { readText } from "../values/read.ts";
import type { Metadata } from "./metadata.ts";

/** Headers that belong to the handshake itself. RFC 6455 §4.1. */
const RESERVED = /^(upgrade|connection|sec-websocket-.*)$/i;

/** A token. RFC 9110 §5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** RFC 9110 §5.5. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What GOST's dialers ws and wss take. `addr` is the node's, with its port. */
export function decodeWebSocket(
  metadata: Metadata,
  addr: string,
  problems: Problems,
): WebSocketConfig {
  const headers = decodeHeaders(metadata, problems);
  const named = headers.find(({ name }) => name.toLowerCase() === "host");
  const host = metadata.text(["ws.host", "host"], addr);
  if (!/^[\x21-\x7e]+$/.test(host)) {
    problems.error(
      `Cannot use ${JSON.stringify(host)} for host as it must be a name`,
      metadata.where(["ws.host", "host"]),
    );
  }
  const pings = metadata.boolean(["ws.keepalive", "keepalive"]);
  const interval = metadata.duration(["ttl", "keepalive.interval"], 15_000);
  ignoreWebSocketTuning(metadata);
  return {
    path: decodePath(metadata),
    host: named?.value.reveal() ?? host,
    headers: headers.filter((header) => header !== named),
    handshakeTimeout: metadata.duration(
      ["ws.handshakeTimeout", "handshakeTimeout"],
      undefined,
    ),
    pingInterval: pings ? interval : undefined,
  };
}

/** A pure path, without a query: GOST encodes question marks as well. */
export function decodePath(metadata: Metadata): string {
  const given = metadata.text(["ws.path", "path"], "/ws").toWellFormed();
  const path = given.startsWith("/") ? given : `/${given}`;
  return encodeURI(path).replaceAll("?", "%3F").replaceAll("#", "%23");
}

export function ignoreWebSocketTuning(metadata: Metadata): void {
  const keys = ["readHeaderTimeout", "readBufferSize", "writeBufferSize"];
  for (const key of [...keys, "enableCompression"]) {
    metadata.ignore(key, `ws.${key}`);
  }
}

function decodeHeaders(
  metadata: Metadata,
  problems: Problems,
): readonly HeaderConfig[] {
  const entry = metadata.entry(["ws.header", "header"]);
  if (entry === undefined) return [];
  if (entry.value.kind !== "mapping") {
    problems.error(
      "Cannot use this for header as it takes a mapping of names to values",
      metadata.place(entry),
    );
    return [];
  }
  const headers: HeaderConfig[] = [];
  for (const { key, at, value } of entry.value.entries) {
    const text = readText(value);
    const problem = RESERVED.test(key)
      ? "the handshake has its own"
      : !HEADER_NAME.test(key)
      ? "that is no name of a header"
      : text === undefined || !HEADER_VALUE.test(text)
      ? "its value must be one line of text"
      : undefined;
    if (problem === undefined) {
      headers.push({ name: key, value: new Secret(text ?? "") });
    } else {
      const { path } = metadata.place(entry);
      // Behind a colon stands a value.
      const [name] = key.split(":");
      const message = `Cannot use the header "${name}": ${problem}`;
      problems.error(message, { path, at });
    }
  }
  return headers;
}
