import { parseAddress } from "../../wire/address.ts";
import type { NameserverConfig } from "../chain_schema.ts";
import type { ClientTlsConfig } from "../hop_schema.ts";
import type { Problems } from "../problems.ts";
import { parseEndpoint } from "../values/endpoint.ts";
import { ignore, place, type Section, text } from "./section.ts";

type Protocol = NameserverConfig["protocol"];

const SCHEMES: ReadonlyMap<string, Protocol> = new Map([
  ["udp", "udp"],
  ["tcp", "tcp"],
  ["tls", "tls"],
  ["dot", "tls"],
  ["https", "https"],
]);

/** GOST has 53 for TLS too, where nobody listens. */
const PORTS = { udp: 53, tcp: 53, tls: 853, https: 443 };

/** RFC 8484 leaves it open; this is where everybody has it. */
const HTTPS_PATH = "/dns-query";

type Server = Pick<
  NameserverConfig,
  "protocol" | "host" | "port" | "path" | "tls"
>;

/** The `addr` of a nameserver, and how it proves who it is. */
export function decodeServer(section: Section, problems: Problems): Server {
  const addr = text(section, "addr");
  const match = /^(?:([^:/]*):\/\/)?([^/]*)(\/.*)?$/.exec(addr) ?? [];
  const [, scheme = "udp", authority = "", given = ""] = match;
  const protocol = SCHEMES.get(scheme.toLowerCase());
  const from = place(section, "addr");
  if (protocol === undefined) {
    problems.error(
      `Cannot ask the nameserver "${addr}" as its scheme must be udp, tcp, tls or https`,
      from,
    );
    return { protocol: "udp", host: "", port: 0, path: "", tls: undefined };
  }
  const server = parseServer(authority, PORTS[protocol]);
  const path = protocol === "https" ? pathOf(given) : "";
  if (server === undefined || path === undefined || (path === "" && given)) {
    problems.error(
      `Cannot ask the nameserver "${addr}" as it must be an address or a name, with a port or without`,
      from,
    );
  }
  const { host, port } = server ?? { host: "", port: 0 };
  const tls = protocol === "tls" || protocol === "https"
    ? decodeTls(section, { protocol, host }, problems)
    : undefined;
  if (tls === undefined) ignore(section, ["hostname", "caFile"], problems);
  return { protocol, host, port, path: path ?? "", tls };
}

/** An address needs no brackets where no port follows it. */
function parseServer(
  text: string,
  port: number,
): { readonly host: string; readonly port: number } | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (parseAddress(bare) !== undefined) return { host: bare, port };
  const endpoint = parseEndpoint(text) ?? parseEndpoint(`${text}:${port}`);
  return endpoint?.host === "" || endpoint?.port === 0 ? undefined : endpoint;
}

/** Undefined where it cannot stand in a request. A template's variable is what we fill in: RFC 8484 §4.1. */
function pathOf(given: string): string | undefined {
  const path = given.replace(/\{\?dns\}$/, "");
  if (!/^[!-~]*$/.test(path)) return undefined;
  return path === "" || path === "/" ? HTTPS_PATH : path;
}

/** GOST verifies HTTPS alone. A `hostname` is what a certificate is held against; without effect there. */
function decodeTls(
  section: Section,
  { protocol, host }: Pick<Server, "protocol" | "host">,
  problems: Problems,
): ClientTlsConfig {
  const hostname = text(section, "hostname");
  const caFile = text(section, "caFile");
  const verify = protocol === "https" || hostname !== ""
    ? "full"
    : caFile === ""
    ? "none"
    : "chain";
  if (verify === "none") {
    problems.warn(
      `Does not verify the certificate of "${host}": give its hostname`,
      place(section, "addr"),
    );
  }
  return {
    at: section.at,
    verify,
    serverName: hostname === "" ? host : hostname,
    caFile: caFile === "" ? undefined : caFile,
    certificate: undefined,
    alpn: [],
    minVersion: undefined,
    maxVersion: undefined,
  };
}
