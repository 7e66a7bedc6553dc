import type {
  ChainConfig,
  ChainGroupConfig,
  GroupEntryConfig,
} from "../chain_schema.ts";
import { decodeChain } from "./chain.ts";
import type { Context } from "./context.ts";
import { decodeProbe } from "./probe.ts";
import { decodeRule } from "./rule.ts";
import {
  child,
  children,
  ignore,
  place,
  type Section,
  text,
  value,
} from "./section.ts";
import { decodeSelector, type SelectorConfig } from "./selector.ts";

/** The chains of a handler, that of `chain` first; undefined where there is no group. */
export function decodeChainGroup(
  handler: Section,
  single: ChainConfig | undefined,
  context: Context,
): ChainGroupConfig | undefined {
  if (value(handler, "chainGroup") === undefined) return undefined;
  const { problems } = context;
  const section = child(handler, "chainGroup");
  const written = children(section, "chains");
  const hasChoice = written.length + (single === undefined ? 0 : 1) > 1;
  const selector = decodeSelector(section, problems);
  if (selector.strategy === "parallel") {
    problems.error(
      "Cannot use the strategy parallel for chains: use round, random, fifo, hash, lowestlatency",
      place(child(section, "selector"), "strategy"),
    );
  }
  const named = written.map((entry) => {
    // Where there is nothing to choose, what a probe finds changes nothing.
    if (!hasChoice) ignore(entry, ["probe"], problems);
    const probe = hasChoice ? decodeProbe(entry, problems) : undefined;
    return decodeEntry(entry, { selector, probe }, context);
  });
  if (!hasChoice && written.length === 0) {
    problems.error(
      "Cannot use a group without chains: flows would go direct",
      section,
    );
  }
  const entries = [
    ...(single === undefined ? [] : [entryOf(single, { selector })]),
    ...named.filter((entry) => entry !== undefined),
  ];
  const { at } = section;
  const { strategy, maxLatency } = selector;
  return { at, name: "chainGroup", strategy, maxLatency, entries };
}

interface EntryParts {
  readonly selector: SelectorConfig;
  readonly rule?: GroupEntryConfig["rule"];
  readonly probe?: GroupEntryConfig["probe"];
}

function decodeEntry(
  section: Section,
  parts: EntryParts,
  context: Context,
): GroupEntryConfig | undefined {
  const name = text(section, "chain");
  const chain = decodeChain(name, place(section, "chain"), context);
  const rule = decodeRule(section, context);
  return chain && entryOf(chain, { ...parts, rule });
}

/** What the chain says itself wins. */
function entryOf(
  chain: ChainConfig,
  { selector, rule, probe }: EntryParts,
): GroupEntryConfig {
  const { maxFails, failTimeout } = { ...selector, ...defined(chain) };
  return { chain, rule, probe, maxFails, failTimeout };
}

function defined(
  { maxFails, failTimeout }: ChainConfig,
): Partial<Pick<SelectorConfig, "maxFails" | "failTimeout">> {
  return {
    ...(maxFails === undefined ? {} : { maxFails }),
    ...(failTimeout === undefined ? {} : { failTimeout }),
  };
}
