import type { Millis } from "../../base/clock.ts";
import type { TransportConfig } from "../hop_schema.ts";
import { DIALERS } from "../known_types.ts";
import type { Problems } from "../problems.ts";
import type { Metadata } from "./metadata.ts";
import { decodeMux, muxedType } from "./mux.ts";
import { child, ignore, place, type Section, text } from "./section.ts";
import { decodeClientTls } from "./tls.ts";
import { rejectType } from "./types.ts";
import { decodeWebSocket } from "./websocket.ts";

const TYPES = {
  what: "dialer",
  supported: ["tcp", "tls", "ws", "wss", "mtcp", "mtls", "mws", "mwss"],
  known: DIALERS,
};

interface NodeAddress {
  /** As written, with its port. */
  readonly addr: string;
  readonly host: string;
}

/** A node's `dialer`; undefined for a type that is not supported. */
export function decodeTransport(
  section: Section,
  metadata: Metadata,
  { addr, host }: NodeAddress,
  problems: Problems,
): TransportConfig | undefined {
  const named = text(section, "type").toLowerCase() || "tcp";
  const carrier = muxedType(named);
  const type = carrier ?? named;
  const base = {
    at: section.at,
    mux: carrier && decodeMux(metadata, carrier, problems),
  };
  ignore(section, ["auth"], problems);
  const tls = child(section, "tls");
  switch (type) {
    case "tcp":
      ignoreTls(section, problems);
      return {
        type,
        ...base,
        tcpKeepalive: decodeKeepalive(metadata, "keepalive"),
      };
    case "tls":
      return {
        type,
        ...base,
        tcpKeepalive: decodeKeepalive(metadata, "keepalive"),
        tls: decodeClientTls(tls, host, problems),
        handshakeTimeout: metadata.duration(["handshakeTimeout"], undefined),
      };
    case "ws":
      ignoreTls(section, problems);
      return {
        type,
        ...base,
        tcpKeepalive: decodeKeepalive(metadata, "tcp.keepalive"),
        ws: decodeWebSocket(metadata, addr, problems),
      };
    case "wss":
      return {
        type,
        ...base,
        tcpKeepalive: decodeKeepalive(metadata, "tcp.keepalive"),
        tls: decodeClientTls(tls, host, problems),
        ws: decodeWebSocket(metadata, addr, problems),
      };
    default:
      rejectType(named, TYPES, problems, place(section, "type"));
      return undefined;
  }
}

function decodeKeepalive(
  metadata: Metadata,
  prefix: "keepalive" | "tcp.keepalive",
): Millis | undefined {
  const isOn = metadata.boolean([prefix]);
  const idle = metadata.duration([`${prefix}.idle`], 15_000);
  metadata.ignore(`${prefix}.interval`, `${prefix}.count`);
  return isOn ? idle : undefined;
}

/** The command line gives a server name to every dialer. */
export function ignoreTls(section: Section, problems: Problems): void {
  const tls = child(section, "tls");
  const keys = tls.node.entries.map(({ key }) => key);
  ignore(tls, keys.filter((key) => key !== "serverName"), problems);
}
