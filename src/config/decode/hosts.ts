import { formatAddress, parseAddress } from "../../wire/address.ts";
import type { HostMappingConfig, HostsConfig } from "../chain_schema.ts";
import type { Context } from "./context.ts";
import { decodeLoader } from "./loader.ts";
import { children, place, type Section, text, texts } from "./section.ts";

export function decodeHosts(section: Section, context: Context): HostsConfig {
  const known = context.hosts.get(section.node);
  if (known !== undefined) return known;
  const { problems } = context;
  const hosts = {
    at: section.at,
    name: text(section, "name"),
    mappings: children(section, "mappings").map((mapping) =>
      decodeMapping(mapping, context)
    ),
    loader: decodeLoader(section, problems),
  };
  context.hosts.set(section.node, hosts);
  return hosts;
}

function decodeMapping(
  section: Section,
  { problems }: Context,
): HostMappingConfig {
  const ip = text(section, "ip");
  const address = parseAddress(ip.replace(/^\[(.*)\]$/, "$1"));
  if (address === undefined) {
    problems.error(
      `Cannot use "${ip}" as an address: write one like 192.0.2.1`,
      place(section, "ip"),
    );
  }
  const names = [
    { text: text(section, "hostname"), at: place(section, "hostname").at },
    ...texts(section, "aliases"),
  ];
  for (const { text, at } of names) {
    if (text !== "" && !/[\s*?]/.test(text)) continue;
    const { path } = place(section, "hostname");
    problems.error(
      `Cannot use "${text}" as a name: write one like example.com, or .example.com for all below it too`,
      { path, at },
    );
  }
  return {
    at: section.at,
    address: address === undefined ? "" : formatAddress(address),
    names: names.map(({ text }) => text.toLowerCase()),
  };
}
