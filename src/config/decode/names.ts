import type { HostsConfig, NamesConfig } from "../chain_schema.ts";
import { decodeHosts } from "./hosts.ts";
import type { Context } from "./context.ts";
import { decodeResolver } from "./resolver.ts";
import { place, type Section, text } from "./section.ts";

/** Of an object that inherits nothing. */
export const NO_NAMES: NamesConfig = { hosts: undefined, resolver: undefined };

/** What `hosts` and `resolver` of an object name, each or else that of `outer`. */
export function decodeNames(
  section: Section,
  outer: NamesConfig,
  context: Context,
): NamesConfig {
  const resolver = text(section, "resolver");
  return {
    hosts: namedHosts(section, context) ?? outer.hosts,
    resolver: resolver === ""
      ? outer.resolver
      : decodeResolver(resolver, place(section, "resolver"), context),
  };
}

function namedHosts(
  section: Section,
  context: Context,
): HostsConfig | undefined {
  const name = text(section, "hosts");
  if (name === "") return undefined;
  const from = place(section, "hosts");
  const found = context.references.find("hosts", name, from);
  return found && decodeHosts(found, context);
}
