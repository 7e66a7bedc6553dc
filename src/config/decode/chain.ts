import type { ChainConfig, HopConfig } from "../chain_schema.ts";
import type { Place } from "../problems.ts";
import { decodeBypasses } from "./bypass.ts";
import type { Context } from "./context.ts";
import { decodeEgress, NO_EGRESS } from "./egress.ts";
import { Metadata } from "./metadata.ts";
import { decodeNames, NO_NAMES } from "./names.ts";
import { decodeNode } from "./node.ts";
import {
  child,
  children,
  ignore,
  place,
  refuse,
  says,
  type Section,
  text,
  value,
} from "./section.ts";
import { decodeSelector } from "./selector.ts";
import { type Origin, reportUnknown } from "./unknown_keys.ts";

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
    return decodeInlineHop(section, index, context);
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
  return found && decodeInlineHop(found, index, context);
}

function decodeInlineHop(
  section: Section,
  index: number,
  context: Context,
): HopConfig | undefined {
  const { problems } = context;
  refuse(section, ["file", "redis", "http", "plugin"], problems);
  const entries = children(section, "nodes");
  const hasChoice = entries.length > 1;
  const selector = decodeSelector(section, hasChoice, problems);
  const metadata = new Metadata(section, problems);
  metadata.refuse("netns");
  metadata.ignore("proxyProtocol");
  const strict = metadata.boolean(["strict"]);
  const egress = decodeEgress(section, metadata, {
    outer: NO_EGRESS,
    problems,
  });
  const names = decodeNames(section, NO_NAMES, context);

  // Where there is nothing to choose, what a probe finds changes nothing.
  const heed = hasChoice ? refuse : ignore;
  for (const entry of entries) heed(entry, ["probe"], problems);
  const decoded = entries.map((entry, index) =>
    decodeNode(entry, { outer: egress, names, selector, index }, context)
  );
  if (entries.length === 0) {
    problems.error(
      "Cannot use a hop without nodes: name one",
      place(section, "nodes"),
    );
  }
  if (decoded.every(({ node }) => node !== undefined)) {
    const group = [metadata, ...decoded.flatMap(({ metadata }) => metadata)];
    reportUnknown(group, entries.flatMap(originsOf), problems);
  }
  const bypasses = decodeBypasses(section, context);
  const name = text(section, "name") || `hop-${index}`;
  const [node, ...others] = decoded.map(({ node }) => node)
    .filter((node) => node !== undefined);
  const { strategy } = selector;
  const nodes = node && [node, ...others] as const;
  return nodes && { at: section.at, name, bypasses, strict, strategy, nodes };
}

/** The parameters of -F that GOST moves into fields and also leaves in the hop's metadata. */
function originsOf(node: Section): readonly Origin[] {
  const connector = child(node, "connector");
  const tls = child(child(node, "dialer"), "tls");
  const origin = (field: string, key: string): Origin => ({
    key,
    path: place(tls, field).path,
    isSet: says(tls, field),
  });
  return [
    {
      key: "auth",
      path: place(connector, "auth").path,
      isSet: says(connector, "auth"),
    },
    ...["certFile", "cert", "tls.certFile"].map((key) =>
      origin("certFile", key)
    ),
    ...["keyFile", "key", "tls.keyFile"].map((key) => origin("keyFile", key)),
    ...["caFile", "ca", "tls.caFile"].map((key) => origin("caFile", key)),
    ...["secure", "tls.secure"].map((key) => origin("secure", key)),
    ...["serverName", "tls.serverName"].map((key) => origin("serverName", key)),
  ];
}
