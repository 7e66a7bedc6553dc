import type { Millis } from "../../base/clock.ts";
import type { LoaderConfig } from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
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

/** Where a bypass, a hop or hosts get more from than they spell out: GOST's loaders. */
export function decodeLoader(
  section: Section,
  problems: Problems,
): LoaderConfig {
  refuse(section, ["redis", "http", "plugin"], problems);
  const file = child(section, "file");
  const path = text(file, "path");
  const from = place(file, "path");
  if (value(section, "file") !== undefined && path === "") {
    problems.error("Cannot read a file without its path", from);
  }
  const reload = integer(section, "reload");
  return {
    sources: path === "" ? [] : [{ type: "file", file: path, ...from }],
    reload: reload > 0 ? Math.max(reload, MIN_RELOAD) : undefined,
  };
}
