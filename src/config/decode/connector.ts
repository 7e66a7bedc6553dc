import type { ConnectorConfig } from "../hop_schema.ts";
import { CONNECTORS } from "../known_types.ts";
import type { Problems } from "../problems.ts";
import { decodeCredentials } from "./credentials.ts";
import { decodeHeaders } from "./headers.ts";
import type { Metadata } from "./metadata.ts";
import { child, place, type Section, text } from "./section.ts";
import { ignoreTls } from "./transport.ts";
import { rejectType } from "./types.ts";

const TYPES = {
  what: "connector",
  supported: ["relay", "socks5", "socks4", "http"],
  known: CONNECTORS,
};

/** Headers that say how long a request is, or whom it is for. */
const RESERVED = {
  names: /^(host|connection|content-length|transfer-encoding)$/i,
  owner: "the request",
};

/** A node's `connector`; undefined for a type that is not supported. */
export function decodeConnector(
  section: Section,
  metadata: Metadata,
  problems: Problems,
): ConnectorConfig | undefined {
  const type = text(section, "type").toLowerCase() || "http";
  const at = section.at;
  ignoreTls(section, problems);
  const auth = decodeCredentials(child(section, "auth"), problems);
  switch (type) {
    case "relay":
      return {
        type,
        at,
        auth,
        nodelay: metadata.boolean(["nodelay"]),
        bind: metadata.boolean(["bind"]),
        connectTimeout: metadata.duration(["connectTimeout"], undefined),
      };
    case "socks":
    case "socks5": {
      metadata.ignore("udp.timeout");
      // TLS inside of SOCKS is never offered, and datagrams of any size fit.
      metadata.accept("notls", "udp.bufferSize", "udpBufferSize");
      const relay = metadata.choice(["relay"], ["udp"], undefined);
      return {
        type: "socks5",
        at,
        auth,
        connectTimeout: metadata.duration(["timeout"], undefined),
        udp: relay === "udp" ? "associate" : "tunnel",
      };
    }
    case "socks4":
    case "socks4a":
      // GOST would turn names into addresses by itself.
      metadata.refuse("disable4a");
      if (auth !== undefined && auth.password.reveal() !== "") {
        const message =
          "SOCKS4 knows a user and no password: it is not sent, socks5 would";
        problems.warn(message, place(section, "auth"));
      }
      return {
        type: "socks4",
        at,
        auth,
        connectTimeout: metadata.duration(["timeout"], undefined),
      };
    case "http":
      return {
        type,
        at,
        auth,
        connectTimeout: metadata.duration(["timeout"], undefined),
        headers: decodeHeaders(metadata, ["header"], { ...RESERVED, problems }),
      };
    default:
      rejectType(type, TYPES, problems, place(section, "type"));
      return undefined;
  }
}
