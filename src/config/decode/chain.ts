import type { ChainConfig, HopConfig } from "../chain_schema.ts";
import type { Place } from "../problems.ts";
import type { Context } from "./context.ts";
import { decodeOwnHop } from "./hop.ts";
import { Metadata } from "./metadata.ts";
import { children, place, type Section, text, value } from "./section.ts";
import { reportUnknown } from "./unknown_keys.ts";

/** The chain called `reference`; undefined when there is none. */
export function decodeChain(
  reference: string,
  from: Place,
  context: Context,
): ChainConfig | undefined {
  const section = context.references.find("chains", reference, from);
  if (section === undefined) return undefined;
  const known = context.chains.get(section.node);
  if (known !== undefined) return known;
  const { problems } = context;
  const name = text(section, "name");
  const metadata = new Metadata(section, problems);
  const inGroup = {
    weight: metadata.integer(["weight"], { fallback: 1 }),
    backup: metadata.boolean(["backup"]),
    maxFails: metadata.integer(["maxFails", "max_fails"], { fallback: 0 }) ||
      undefined,
    failTimeout: metadata.duration(["failTimeout", "fail_timeout"], undefined),
  };
  reportUnknown([metadata], [], problems);
  const entries = children(section, "hops");
  if (entries.length === 0) {
    problems.error(
      `Cannot use a chain without hops: without "${name}" flows would go direct`,
      section,
    );
  }
  const hops = entries.map((entry, i) => decodeHop(entry, i, context))
    .filter((hop) => hop !== undefined);
  const chain = { at: section.at, name, hops, ...inGroup };
  context.chains.set(section.node, chain);
  return chain;
}

/** A hop with nodes, or with somewhere to get them from, is one itself; any other is a reference to one of the list. */
function decodeHop(
  section: Section,
  index: number,
  context: Context,
): HopConfig | undefined {
  const { problems, references } = context;
  const sources = ["nodes", "file", "redis", "http", "plugin"];
  if (sources.some((key) => value(section, key) !== undefined)) {
    return decodeOwnHop(section, index, context);
  }
  const name = text(section, "name");
  if (name === "" || section.node.entries.length > 1) {
    problems.error(
      "Cannot use a hop without nodes: only a name alone refers to one of hops",
      section,
    );
    return undefined;
  }
  const found = references.find("hops", name, place(section, "name"));
  return found && decodeOwnHop(found, index, context);
}
