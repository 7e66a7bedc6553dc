import type {
  EgressConfig,
  HopConfig,
  NamesConfig,
  NodeConfig,
  NodesReader,
} from "../chain_schema.ts";
import { type Place, Problems } from "../problems.ts";
import { conform } from "../tree/conform.ts";
import { readList } from "../tree/document.ts";
import { NODES } from "../tree/gost.ts";
import { mapping } from "../tree/node.ts";
import { decodeBypasses } from "./bypass.ts";
import type { Context } from "./context.ts";
import { decodeEgress, NO_EGRESS } from "./egress.ts";
import { decodeLoader } from "./loader.ts";
import { Metadata } from "./metadata.ts";
import { decodeNames, NO_NAMES } from "./names.ts";
import { decodeNode } from "./node.ts";
import {
  child,
  children,
  ignore,
  place,
  says,
  type Section,
  text,
} from "./section.ts";
import { decodeSelector, type SelectorConfig } from "./selector.ts";
import { type Origin, reportUnknown } from "./unknown_keys.ts";

/** What nodes have from their hop. */
interface HopParts {
  readonly metadata: Metadata;
  readonly egress: EgressConfig;
  readonly names: NamesConfig;
  readonly selector: SelectorConfig;
  readonly hasChoice: boolean;
}

/** A hop that says itself where its nodes are; undefined where it has none. */
export function decodeOwnHop(
  section: Section,
  index: number,
  context: Context,
): HopConfig | undefined {
  const { problems } = context;
  const metadata = new Metadata(section, problems);
  metadata.ignore("proxyProtocol");
  const strict = metadata.boolean(["strict"]);
  const loader = decodeLoader(section, problems);
  const entries = children(section, "nodes");
  const hasChoice = entries.length > 1 || loader.sources.length > 0;
  const selector = decodeSelector(section, problems);
  const egress = decodeEgress(section, metadata, {
    outer: NO_EGRESS,
    netnsKey: "netns",
    problems,
  });
  const names = decodeNames(section, NO_NAMES, context);
  const parts = { metadata, egress, names, selector, hasChoice };
  const nodes = decodeNodes(entries, parts, context);
  if (entries.length === 0 && loader.sources.length === 0) {
    problems.error(
      "Cannot use a hop without nodes: name one",
      place(section, "nodes"),
    );
    return undefined;
  }
  if (loader.sources.length > 0) context.references.mayBeUsedLater();
  return {
    at: section.at,
    name: text(section, "name") || `hop-${index}`,
    bypasses: decodeBypasses(section, context),
    strict,
    strategy: selector.strategy,
    maxLatency: selector.maxLatency,
    nodes,
    loader: { ...loader, readNodes: nodesReader(parts, context) },
  };
}

function decodeNodes(
  entries: readonly Section[],
  { metadata, egress: outer, hasChoice, ...hop }: HopParts,
  context: Context,
): readonly NodeConfig[] {
  const { problems } = context;
  // Where there is nothing to choose, what a probe finds changes nothing.
  if (!hasChoice) {
    for (const entry of entries) ignore(entry, ["probe"], problems);
  }
  const decoded = entries.map((entry, index) =>
    decodeNode(entry, { ...hop, outer, index, hasChoice }, context)
  );
  if (decoded.every(({ node }) => node !== undefined)) {
    const group = [metadata, ...decoded.flatMap(({ metadata }) => metadata)];
    reportUnknown(group, entries.flatMap(originsOf), problems);
  }
  return decoded.map(({ node }) => node).filter((node) => node !== undefined);
}

/** Reads nodes that a file has, which may refer to whatever the configuration has. */
function nodesReader(parts: HopParts, context: Context): NodesReader {
  return (file, written) => {
    const problems = new Problems();
    const list = readList(file, written, problems);
    const document = mapping({ nodes: list }, list.at);
    const node = conform(document, NODES, problems);
    const section = { node, path: "", at: list.at };
    const own = context.reporting(problems);
    // What the hop has as well is not to be complained of again.
    const metadata = new Metadata({ ...section, node: document }, problems);
    const nodes = decodeNodes(
      children(section, "nodes"),
      { ...parts, metadata },
      own,
    );
    // What is wrong elsewhere has been said.
    const isHere = ({ at }: Place): boolean => at.file === file;
    return {
      nodes,
      errors: problems.errors().filter(isHere),
      warnings: problems.warnings().filter(isHere),
    };
  };
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
