import { type Address, parseAddress } from "../../wire/address.ts";
import type { NameserverConfig, ResolverConfig } from "../chain_schema.ts";
import type { Place } from "../problems.ts";
import { decodeMatchers } from "./bypass.ts";
import type { Context } from "./context.ts";
import { decodeServer } from "./nameserver.ts";
import {
  children,
  flag,
  integer,
  place,
  refuse,
  says,
  type Section,
  text,
} from "./section.ts";

/** GOST's, for each question. */
const TIMEOUT = 5000;

type Family = NameserverConfig["families"][number];

/** GOST's spellings. */
const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["ipv4", "ipv4"],
  ["ip4", "ipv4"],
  ["ipv6", "ipv6"],
  ["ip6", "ipv6"],
]);

/** The resolver called `reference`; undefined when there is none. */
export function decodeResolver(
  reference: string,
  from: Place,
  context: Context,
): ResolverConfig | undefined {
  const { problems, references, resolvers } = context;
  const section = references.find("resolvers", reference, from);
  if (section === undefined) return undefined;
  const known = resolvers.get(section.node);
  if (known === "open") {
    problems.error(
      `Cannot ask the resolver "${reference}" for this: its questions go through this very chain`,
      from,
    );
    return undefined;
  }
  if (known !== undefined) return known;
  resolvers.set(section.node, "open");
  refuse(section, ["plugin"], problems);
  const entries = children(section, "nameservers");
  if (entries.length === 0) {
    problems.error(
      "Cannot use a resolver without nameservers: name one",
      section,
    );
  }
  const resolver = {
    at: section.at,
    name: text(section, "name"),
    nameservers: entries.map((entry) => decodeNameserver(entry, context)),
  };
  resolvers.set(section.node, resolver);
  return resolver;
}

function decodeNameserver(
  section: Section,
  context: Context,
): NameserverConfig {
  const chain = text(section, "chain");
  const timeout = integer(section, "timeout");
  const ttl = integer(section, "ttl");
  return {
    at: section.at,
    ...decodeServer(section, context.problems),
    chain: chain === ""
      ? undefined
      : context.chain(chain, place(section, "chain")),
    families: decodeFamilies(section, context),
    domains: decodeMatchers(section, "domains", context),
    clientIp: decodeClientIp(section, context),
    ttl: ttl === 0 ? undefined : Math.max(ttl, 0),
    timeout: timeout > 0 ? timeout : TIMEOUT,
    async: flag(section, "async"),
  };
}

/** `only` restricts, `prefer` puts first. */
function decodeFamilies(
  section: Section,
  { problems }: Context,
): readonly Family[] {
  const read = (key: string): Family | undefined => {
    const given = text(section, key);
    const family = FAMILIES.get(given.toLowerCase());
    if (given !== "" && family === undefined) {
      problems.error(
        `Cannot use "${given}" for ${key} as it must be ipv4 or ipv6`,
        place(section, key),
      );
    }
    return family;
  };
  const only = read("only");
  const prefer = read("prefer");
  if (only !== undefined) return [only];
  return prefer === "ipv6" ? ["ipv6", "ipv4"] : ["ipv4", "ipv6"];
}

function decodeClientIp(
  section: Section,
  { problems }: Context,
): Address | undefined {
  if (!says(section, "clientIP")) return undefined;
  const given = text(section, "clientIP");
  const address = parseAddress(given);
  if (address === undefined) {
    problems.error(
      `Cannot use "${given}" for clientIP as it must be an address`,
      place(section, "clientIP"),
    );
  }
  return address;
}
