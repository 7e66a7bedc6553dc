import type { BypassConfig, MatcherConfig } from "../chain_schema.ts";
import type { Place } from "../problems.ts";
import type { Context } from "./context.ts";
import { decodeLoader } from "./loader.ts";
import { flag, place, type Section, text, texts } from "./section.ts";

/** Those that `bypass` and `bypasses` of an object name, as one group. */
export function decodeBypasses(
  section: Section,
  context: Context,
): readonly BypassConfig[] {
  const single = text(section, "bypass");
  const named = [
    ...(single === ""
      ? []
      : [{ name: single, from: place(section, "bypass") }]),
    ...texts(section, "bypasses").map(({ text, at }) => ({
      name: text,
      from: { path: place(section, "bypasses").path, at },
    })),
  ];
  return named.map(({ name, from }) => findBypass(name, from, context))
    .filter((bypass) => bypass !== undefined);
}

/** The bypass called `name`, to which `from` refers; undefined when there is none. */
export function findBypass(
  name: string,
  from: Place,
  context: Context,
): BypassConfig | undefined {
  const found = context.references.find("bypasses", name, from);
  return found && decodeBypass(found, context);
}

function decodeBypass(section: Section, context: Context): BypassConfig {
  const known = context.bypasses.get(section.node);
  if (known !== undefined) return known;
  const { problems } = context;
  const network = text(section, "network").toLowerCase();
  if (!["", "tcp", "udp", "tcp6"].includes(network)) {
    problems.error(
      `Cannot use the network "${network}" as it must be tcp, udp or tcp6`,
      place(section, "network"),
    );
  }
  const bypass = {
    at: section.at,
    name: text(section, "name"),
    whitelist: flag(section, "whitelist") || flag(section, "reverse"),
    network: network === "" ? undefined : network,
    matchers: decodeMatchers(section, "matchers", context),
    loader: decodeLoader(section, problems),
  };
  context.bypasses.set(section.node, bypass);
  return bypass;
}

/** Patterns; those that cannot be used are problems. */
export function decodeMatchers(
  section: Section,
  key: string,
  { patternProblem, problems }: Context,
): readonly MatcherConfig[] {
  const matchers = texts(section, key);
  for (const { text, at } of matchers) {
    const problem = patternProblem(text);
    if (problem === undefined) continue;
    const message = `Cannot use the matcher "${text}": ${problem}`;
    problems.error(message, { path: place(section, key).path, at });
  }
  return matchers;
}
