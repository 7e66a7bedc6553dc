import type { Millis } from "../base/clock.ts";
import { formatPosition, type Position } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type {
  ChainConfig,
  ChainGroupConfig,
  GroupEntryConfig,
  HopConfig,
} from "../config/chain_schema.ts";
import type { RouteConfig } from "../config/schema.ts";
import { ownTarget } from "../flow/flow.ts";
import { chain, type ChainHop, type ChainNode } from "../outbound/chain.ts";
import { group, type GroupEntry } from "../outbound/group.ts";
import { Health } from "../outbound/health.ts";
import {
  type OnLeftOut,
  type Route,
  routed,
  type Router,
} from "../outbound/route.ts";
import { select } from "../outbound/select.ts";
import type { Context } from "./context.ts";
import { buildNode, bypassOf, type HopParts } from "./node.ts";
import { readNodes } from "./node_lists.ts";
import { buildProbe } from "./probes.ts";
import { randomOf } from "./random.ts";
import { buildRule } from "./rules.ts";

interface RouterOptions {
  readonly direct: Route;
  /** For reaching a node, and for its handshakes. */
  readonly timeout: Millis;
  /** Of all hops, and of the group. */
  readonly strict: boolean;
  readonly onLeftOut: OnLeftOut;
}

/** What chooses the ways of a service's flows. Rejects with a ConfigError where a file cannot be read. */
export async function buildRouter(
  { chain, group, dialTimeout: timeout, strict }: RouteConfig,
  direct: Route,
  context: Context,
): Promise<Router> {
  const onLeftOut = warnOnce(context.log);
  const options = { direct, timeout, strict, onLeftOut };
  return group === undefined
    ? await buildChain(chain, options, context)
    : await buildGroup(group, options, context);
}

/** Without a chain everything goes direct. */
async function buildChain(
  config: ChainConfig | undefined,
  { direct, timeout, strict, onLeftOut }: RouterOptions,
  context: Context,
): Promise<Router> {
  const hops: ChainHop[] = [];
  for (const hop of config?.hops ?? []) {
    const before = wayTo([...hops], direct);
    const built = await buildHop(hop, { timeout, before }, context);
    hops.push(strict ? { ...built, strict: () => true } : built);
  }
  return chain({ direct, hops, onLeftOut });
}

/** The way that a connection of our own takes through the hops that come before another one. */
function wayTo(hops: readonly ChainHop[], direct: Route): HopParts["before"] {
  const { decide } = chain({ direct, hops, onLeftOut: () => {} });
  const { signal } = new AbortController();
  return (address) => {
    const route = decide("tcp", ownTarget(address, signal));
    return route?.nodes.length === 0 ? undefined : route?.dialer;
  };
}

async function buildGroup(
  { at, name, strategy, maxLatency, entries: configs }: ChainGroupConfig,
  options: RouterOptions,
  context: Context,
): Promise<Router> {
  const entries: GroupEntry[] = [];
  for (const config of configs) {
    entries.push(await buildEntry(config, options, context));
  }
  const all = (): readonly GroupEntry[] => entries;
  const random = randomOf(context);
  const choose = select({ strategy, all, random, ...within(maxLatency) });
  return group({ ...options, at, name, entries, select: choose });
}

async function buildEntry(
  { chain, rule, probe: probing, maxFails, failTimeout }: GroupEntryConfig,
  options: RouterOptions,
  context: Context,
): Promise<GroupEntry> {
  const { at, name, weight, backup } = chain;
  const health = new Health({ maxFails, failTimeout, clock: context.clock });
  const router = await buildChain(chain, options, context);
  const dialer = routed(router.decide, () => {});
  const parts = { name, health, dialer: () => dialer };
  const probe = buildProbe(probing, parts, context);
  return {
    at,
    name,
    identity: `chain ${name}`,
    bypass: undefined,
    rule: await buildRule(rule, context),
    weight,
    backup,
    health,
    ...(probe === undefined ? {} : { probe }),
    router,
  };
}

async function buildHop(
  { at, name, bypasses, strict, strategy, maxLatency, nodes, loader }:
    HopConfig,
  parts: HopParts,
  context: Context,
): Promise<ChainHop> {
  const own: ChainNode[] = [];
  for (const node of nodes) own.push(await buildNode(node, parts, context));
  const lists = await readNodes(loader, parts, context);
  const all = (): readonly ChainNode[] =>
    lists.length === 0
      ? own
      : [...own, ...lists.flatMap(({ current }) => current)];
  return {
    at,
    name,
    bypass: await bypassOf(bypasses, context),
    // Nothing goes direct only because a list has not come yet.
    strict: () => strict || lists.some(({ isRead }) => !isRead),
    nodes: all,
    select: select({
      strategy,
      all,
      random: randomOf(context),
      ...within(maxLatency),
    }),
  };
}

function within(maxLatency: Millis | undefined): { maxLatency?: Millis } {
  return maxLatency === undefined ? {} : { maxLatency };
}

/** Of each hop or group, as the line of each flow says it again. */
function warnOnce(log: Log): OnLeftOut {
  const said = new Set<string>();
  return ({ name, at }: { name: string; at: Position }, because) => {
    const where = `${name}, ${formatPosition(at)}`;
    if (said.has(where)) return;
    said.add(where);
    const reason =
      `The first of the flows that go past it, as it has nothing for them: ${because}. With strict=true they are turned down`;
    log.warn("hop.none", { hop: where, reason });
  };
}
