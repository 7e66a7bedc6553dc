import type { Millis } from "../../base/clock.ts";
import type { StrategyConfig } from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
import { unknown } from "../values/nearest.ts";
import { child, integer, place, type Section, text } from "./section.ts";

/** GOST's defaults in a file; the command line writes its own. */
const MAX_FAILS = 1;
const FAIL_TIMEOUT: Millis = 10_000;

const STRATEGIES: readonly string[] = [
  "round",
  "random",
  "fifo",
  "hash",
  "parallel",
  "lowestlatency",
];

/** What else they are called; nothing said is `round`. */
const ALIASES: Readonly<Record<string, string>> = {
  "": "round",
  rr: "round",
  rand: "random",
  ha: "fifo",
  lowest: "lowestlatency",
  ll: "lowestlatency",
};

export interface SelectorConfig {
  readonly strategy: StrategyConfig;
  /** Nodes that take longer are left out where there are others. */
  readonly maxLatency: Millis | undefined;
  /** Of nodes that say nothing else. */
  readonly maxFails: number;
  readonly failTimeout: Millis;
}

/** How a hop chooses among its nodes, or a group among its chains. With one there is nothing to choose, but a misspelling is one all the same. */
export function decodeSelector(
  owner: Section,
  problems: Problems,
): SelectorConfig {
  const selector = child(owner, "selector");
  const maxLatency = integer(selector, "maxLatency");
  const maxFails = integer(selector, "maxFails");
  const failTimeout = integer(selector, "failTimeout");
  return {
    strategy: decodeStrategy(selector, problems),
    maxLatency: maxLatency > 0 ? maxLatency : undefined,
    maxFails: maxFails > 0 ? maxFails : MAX_FAILS,
    failTimeout: failTimeout > 0 ? failTimeout : FAIL_TIMEOUT,
  };
}

function decodeStrategy(
  selector: Section,
  problems: Problems,
): StrategyConfig {
  const written = text(selector, "strategy").toLowerCase();
  const strategy = ALIASES[written] ?? written;
  switch (strategy) {
    case "round":
    case "random":
    case "fifo":
    case "hash":
    case "parallel":
    case "lowestlatency":
      return strategy;
    default: {
      const all = `use ${STRATEGIES.join(", ")}`;
      problems.error(
        unknown("strategy", strategy, STRATEGIES, all),
        place(selector, "strategy"),
      );
      return "round";
    }
  }
}
