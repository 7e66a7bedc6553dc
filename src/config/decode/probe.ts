import type { Millis } from "../../base/clock.ts";
import type { ProbeConfig } from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
import { parseEndpoint } from "../values/endpoint.ts";
import { unknown } from "../values/nearest.ts";
import { headersOf } from "./headers.ts";
import { child, integer, place, type Section, text, value } from "./section.ts";

/** GOST's. */
const INTERVAL: Millis = 30_000;
const TIMEOUT: Millis = 10_000;
const STATUS = 200;

/** Headers that a request has of its own. */
const RESERVED = {
  names: /^(host|connection|content-length|transfer-encoding)$/i,
  owner: "the request",
};

/** How a node, or a chain of a group, is looked after; undefined where it is not. */
export function decodeProbe(
  owner: Section,
  problems: Problems,
): ProbeConfig | undefined {
  if (value(owner, "probe") === undefined) return undefined;
  const section = child(owner, "probe");
  const type = text(section, "type").toLowerCase();
  if (type !== "tcp" && type !== "http") {
    problems.error(
      type === "cmd"
        ? 'The probe "cmd" is not supported yet: use tcp, http'
        : unknown("probe", type, ["tcp", "http", "cmd"], "use tcp, http"),
      place(section, "type"),
    );
    return undefined;
  }
  const addr = text(section, "addr");
  const { host, port } = parseEndpoint(addr) ?? { host: "", port: 0 };
  if (host === "" || port === 0) {
    problems.error(
      `Cannot use the address "${addr}" as it must be host:port, the port 1 to 65535`,
      place(section, "addr"),
    );
  }
  const [interval, timeout] = [
    integer(section, "interval"),
    integer(section, "timeout"),
  ];
  return {
    at: section.at,
    host,
    port,
    interval: interval > 0 ? Math.max(interval, 1000) : INTERVAL,
    timeout: timeout > 0 ? timeout : TIMEOUT,
    http: type === "http" ? decodeHttp(section, problems) : undefined,
  };
}

function decodeHttp(
  section: Section,
  problems: Problems,
): ProbeConfig["http"] {
  const path = text(section, "httpPath") || "/";
  const host = text(section, "httpHost");
  for (
    const [key, given] of [["httpPath", path], ["httpHost", host]] as const
  ) {
    if (/^[\x21-\x7e]*$/.test(given)) continue;
    problems.error(
      `Cannot use ${
        JSON.stringify(given)
      } for ${key} as it must be ASCII without spaces`,
      place(section, key),
    );
  }
  const given = value(section, "httpHeaders");
  const from = place(section, "httpHeaders");
  const headers = given?.kind === "mapping"
    ? headersOf(given, from, { ...RESERVED, problems })
    : [];
  const status = integer(section, "expectedStatus");
  return {
    path: path.startsWith("/") ? path : `/${path}`,
    host: host === "" ? text(section, "addr") : host,
    headers,
    status: status > 0 ? status : STATUS,
  };
}
