import type { Millis } from "../../base/clock.ts";
import type {
  FileSourceConfig,
  HttpSourceConfig,
  LoaderConfig,
} from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
import { Secret } from "../secret.ts";
import {
  child,
  integer,
  place,
  refuse,
  type Section,
  text,
  value,
} from "./section.ts";

/** As in GOST, a list is read again no more often. */
const MIN_RELOAD: Millis = 1000;

/** In GOST a download may take for ever. */
const TIMEOUT: Millis = 60_000;

/** Where a bypass, a hop or hosts get more from than they spell out: GOST's loaders. */
export function decodeLoader(
  section: Section,
  problems: Problems,
): LoaderConfig {
  refuse(section, ["redis", "plugin"], problems);
  const sources = [
    decodeFile(section, problems),
    decodeHttp(section, problems),
  ].filter((source) => source !== undefined);
  const reload = integer(section, "reload");
  return {
    sources,
    reload: reload > 0 ? Math.max(reload, MIN_RELOAD) : undefined,
  };
}

function decodeFile(
  section: Section,
  problems: Problems,
): FileSourceConfig | undefined {
  if (value(section, "file") === undefined) return undefined;
  const file = child(section, "file");
  const path = text(file, "path");
  const from = place(file, "path");
  if (path === "") {
    problems.error("Cannot read a file without its path", from);
  }
  return { type: "file", file: path, ...from };
}

/** A URL may have a password in it, or a token: it is not quoted. */
function decodeHttp(
  section: Section,
  problems: Problems,
): HttpSourceConfig | undefined {
  if (value(section, "http") === undefined) return undefined;
  const http = child(section, "http");
  const from = place(http, "url");
  const written = text(http, "url");
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const message = "Cannot use this URL: write one of http or https";
    problems.error(message, from);
    return undefined;
  }
  const timeout = integer(http, "timeout");
  return {
    type: "http",
    file: `${url.origin}${url.pathname}`,
    url: new Secret(written),
    timeout: timeout > 0 ? timeout : TIMEOUT,
    ...from,
  };
}
