import type { EgressConfig, NamesConfig, NodeConfig } from "../chain_schema.ts";
import { parseEndpoint } from "../values/endpoint.ts";
import { decodeBypasses } from "./bypass.ts";
import { decodeConnector } from "./connector.ts";
import type { Context } from "./context.ts";
import { decodeEgress } from "./egress.ts";
import { Metadata } from "./metadata.ts";
import { decodeNames } from "./names.ts";
import { decodeProbe } from "./probe.ts";
import { decodeRule } from "./rule.ts";
import { child, ignore, place, type Section, text } from "./section.ts";
import type { SelectorConfig } from "./selector.ts";
import { decodeTransport } from "./transport.ts";

interface DecodedNode {
  /** Undefined when its types are not supported. */
  readonly node: NodeConfig | undefined;
  /** Of the node, its connector and its dialer. */
  readonly metadata: readonly Metadata[];
}

interface NodePlace {
  /** The egress of its hop. */
  readonly outer: EgressConfig;
  /** Of its hop: each of its own wins. */
  readonly names: NamesConfig;
  /** Of its hop. */
  readonly selector: SelectorConfig;
  /** Its place in the hop. */
  readonly index: number;
  /** The hop has other nodes. */
  readonly hasChoice: boolean;
}

export function decodeNode(
  section: Section,
  { outer, names, selector, index, hasChoice }: NodePlace,
  context: Context,
): DecodedNode {
  const { problems } = context;
  ignore(section, ["http", "tls", "network"], problems);
  const metadata = new Metadata(section, problems);
  metadata.ignore("proxyProtocol");
  const base = {
    at: section.at,
    name: text(section, "name") || `node-${index}`,
    bypasses: decodeBypasses(section, context),
    names: decodeNames(section, names, context),
    egress: decodeEgress(section, metadata, {
      outer,
      netnsKey: "netns",
      problems,
    }),
    rule: decodeRule(section, context),
    probe: hasChoice ? decodeProbe(section, problems) : undefined,
    weight: metadata.integer(["weight"], { fallback: 1 }),
    backup: metadata.boolean(["backup"]),
    maxFails: metadata.integer(["maxFails", "max_fails"], {
      fallback: selector.maxFails,
    }),
    failTimeout: metadata.duration(
      ["failTimeout", "fail_timeout"],
      selector.failTimeout,
    ),
  };

  const connector = child(section, "connector");
  const dialer = child(section, "dialer");
  const connectorMetadata = new Metadata(connector, problems);
  const dialerMetadata = new Metadata(dialer, problems);
  const all = [metadata, connectorMetadata, dialerMetadata];
  if (isDirect(connector) && isDirect(dialer)) {
    const action = connectorMetadata.choice(["action"], ["reject"], undefined);
    const rejects = action === "reject";
    ignore(section, ["resolver", "hosts"], problems);
    return { node: { type: "direct", ...base, rejects }, metadata: all };
  }
  const target = decodeAddress(section, context);
  const way = {
    connector: decodeConnector(connector, connectorMetadata, problems),
    transport: decodeTransport(dialer, dialerMetadata, target, problems),
  };
  const { host, port } = target;
  const node: NodeConfig | undefined = way.connector && way.transport && {
    type: "proxy",
    ...base,
    host,
    port,
    connector: way.connector,
    transport: way.transport,
  };
  return { node, metadata: all };
}

function isDirect(section: Section): boolean {
  return ["direct", "virtual"].includes(text(section, "type").toLowerCase());
}

function decodeAddress(
  section: Section,
  { problems }: Context,
): { readonly addr: string; readonly host: string; readonly port: number } {
  const addr = text(section, "addr");
  const { host, port } = parseEndpoint(addr) ?? { host: "", port: 0 };
  if (host === "" || port === 0) {
    problems.error(
      `Cannot use the address "${addr}" as it must be host:port, the port 1 to 65535`,
      place(section, "addr"),
    );
  }
  return { addr, host, port };
}
