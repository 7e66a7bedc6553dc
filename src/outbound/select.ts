import type { Millis } from "../base/clock.ts";
import { formatPosition, type Position } from "../base/errors.ts";
import type { Target } from "../flow/flow.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";
import type { Rule } from "../rules/rule.ts";
import type { Health } from "./health.ts";
import type { Probe } from "./probe.ts";

/** One of several that may stand in for each other: nodes of a hop, chains of a group. */
export interface Choice {
  readonly name: string;
  readonly at: Position;
  /** Equal where flows take the same way, also in another configuration. */
  readonly identity: string;
  /** A hit leaves it out. */
  readonly bypass: BypassGroup | undefined;
  /** Undefined where it is for all flows. */
  readonly rule: ChoiceRule | undefined;
  /** Its share with `random`; at least 1. */
  readonly weight: number;
  /** Taken only where no other is left. */
  readonly backup: boolean;
  readonly health: Pick<Health, "isFailed">;
  /** Absent where it is not probed. */
  readonly probe?: Pick<Probe, "latency" | "want">;
}

export interface ChoiceRule {
  readonly text: string;
  readonly at: Position;
  readonly matches: Rule;
  /** The highest goes first; 0 where there is no rule. */
  readonly priority: number;
}

/**
 * - `round`: one after the other
 * - `random`: by weight
 * - `fifo`: the first, as long as it works
 * - `hash`: the same for all flows of one source address
 * - `parallel`: all of them, the first that is reached wins
 * - `lowestlatency`: the one whose last probe took the shortest time; the first as long as none has
 */
export type Strategy =
  | "round"
  | "random"
  | "fifo"
  | "hash"
  | "parallel"
  | "lowestlatency";

export interface SelectOptions<C extends Choice> {
  readonly strategy: Strategy;
  /** Those whose last probe took longer, or failed, are left out where there are others. */
  readonly maxLatency?: Millis;
  /** Asked for each dial, as they may change. */
  readonly all: () => readonly C[];
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Selection<C extends Choice> {
  /** Several for `parallel` alone; none when rules and bypasses leave none. */
  readonly chosen: readonly C[];
  readonly because: string;
}

export type Select<C extends Choice> = (
  network: string,
  target: Target,
) => Selection<C>;

/** Chooses for each dial, as GOST does: never what a bypass or a rule leaves out, and what has failed only where all have. */
export function select<C extends Choice>(
  { strategy, all, random, maxLatency = Infinity }: SelectOptions<C>,
): Select<C> {
  const pick = pickBy<C>(strategy, random);
  return (network, target) => {
    const choices = all();
    for (const { probe } of choices) probe?.want();
    const excluded: string[] = [];
    const allowed = choices.filter((choice) => {
      const reason = exclusionOf(choice, network, target);
      if (reason !== undefined) excluded.push(reason);
      return reason === undefined;
    });
    const [first] = allowed;
    if (first === undefined) {
      return { chosen: [], because: excluded[0] ?? "there is none" };
    }
    const kept = highestTier(allowed)
      .find(({ identity }) => target.keep?.has(identity));
    if (kept !== undefined) {
      const because = `it goes there already, ${formatPosition(kept.at)}`;
      return { chosen: [kept], because };
    }
    const working = allowed.filter(({ health }) => !health.isFailed());
    if (working.length === 0) {
      const because = `all have failed: the first, ${formatPosition(first.at)}`;
      return { chosen: [first], because };
    }
    const tier = quickEnough(
      highestTier(withoutBackups(working)),
      maxLatency,
    );
    const chosen = tier.length === 1 ? tier : pick(tier, target);
    const where = chosen.map(({ at }) => formatPosition(at)).join(" and ");
    const how = choices.length === 1
      ? `the only one, ${where}`
      : `${strategy}, ${tier.length} of ${choices.length}, ${where}`;
    return { chosen, because: ruleOf(chosen) ?? how };
  };
}

/** Why a flow cannot take it; undefined where it can. */
function exclusionOf(
  { name, bypass, rule }: Choice,
  network: string,
  target: Target,
): string | undefined {
  const destination = candidatesOf(target);
  const verdict = bypass?.(network, destination);
  if (verdict?.bypassed) return verdict.because;
  if (rule?.matches({ network, source: target.src, destination }) !== false) {
    return undefined;
  }
  return `${name} is for ${rule.text}, ${formatPosition(rule.at)}`;
}

/** Those of the highest priority. */
function highestTier<C extends Choice>(choices: readonly C[]): readonly C[] {
  const highest = Math.max(...choices.map(priorityOf));
  return choices.filter((choice) => priorityOf(choice) === highest);
}

/** Backups only where nothing else is left, whatever their priority is. */
function withoutBackups<C extends Choice>(
  choices: readonly C[],
): readonly C[] {
  const primaries = choices.filter(({ backup }) => !backup);
  return primaries.length === 0 ? choices : primaries;
}

/** What has not been probed passes. */
function quickEnough<C extends Choice>(
  tier: readonly C[],
  maxLatency: Millis,
): readonly C[] {
  const quick = tier.filter(({ probe }) => {
    const latency = probe?.latency();
    return latency !== "failed" && (latency ?? 0) <= maxLatency;
  });
  return quick.length === 0 ? tier : quick;
}

function priorityOf({ rule }: Choice): number {
  return rule?.priority ?? 0;
}

/** What a single choice with a rule was chosen by. */
function ruleOf([only, ...more]: readonly Choice[]): string | undefined {
  if (only?.rule === undefined || more.length > 0) return undefined;
  const { text, at } = only.rule;
  return `${text}, ${formatPosition(at)}`;
}

/** Of at least two. */
type PickFrom<C extends Choice> = (
  tier: readonly C[],
  target: Target,
) => readonly C[];

function pickBy<C extends Choice>(
  strategy: Strategy,
  random: () => number,
): PickFrom<C> {
  const one = (tier: readonly C[], index: number): readonly C[] =>
    tier.slice(index, index + 1);
  switch (strategy) {
    case "round": {
      let turn = 0;
      return (tier) => one(tier, turn++ % tier.length);
    }
    case "random":
      return (tier) => one(tier, weighted(tier, random()));
    case "fifo":
      return (tier) => one(tier, 0);
    case "hash":
      return (tier, { src }) => one(tier, crc32(src.host) % tier.length);
    case "parallel":
      return (tier) => tier;
    case "lowestlatency":
      return (tier) => one(tier, quickest(tier));
    default:
      throw new Error(`Unreachable strategy: ${strategy satisfies never}`);
  }
}

function quickest(tier: readonly Choice[]): number {
  const latencies = tier.map(({ probe }) => {
    const latency = probe?.latency();
    return typeof latency === "number" ? latency : Infinity;
  });
  return latencies.indexOf(Math.min(...latencies));
}

/** The index of the one into whose share `at`, in [0, 1), falls. */
function weighted(tier: readonly Choice[], at: number): number {
  let left = at * tier.reduce((sum, { weight }) => sum + weight, 0);
  const found = tier.findIndex(({ weight }) => (left -= weight) < 0);
  return found < 0 ? tier.length - 1 : found;
}

/** IEEE's, reflected, as GOST hashes; the text is ASCII. */
function crc32(text: string): number {
  let crc = ~0;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
