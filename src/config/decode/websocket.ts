import type { WebSocketConfig } from "../hop_schema.ts";
import type { Problems } from "../problems.ts";
import { decodeHeaders } from "./headers.ts";
import type { Metadata } from "./metadata.ts";

/** Headers that belong to the handshake itself. RFC 6455 §4.1. */
const RESERVED = {
  names: /^(upgrade|connection|sec-websocket-.*)$/i,
  owner: "the handshake",
};

/** What GOST's dialers ws and wss take. `addr` is the node's, with its port. */
export function decodeWebSocket(
  metadata: Metadata,
  addr: string,
  problems: Problems,
): WebSocketConfig {
  const keys = ["ws.header", "header"] as const;
  const headers = decodeHeaders(metadata, keys, { ...RESERVED, problems });
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
