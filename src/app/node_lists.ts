import type { NodeConfig, NodeLoaderConfig } from "../config/chain_schema.ts";
import { formatProblem } from "../config/problems.ts";
import type { ChainNode } from "../outbound/chain.ts";
import type { Context } from "./context.ts";
import { identityOf } from "./identity.ts";
import { type Live, readLive } from "./live.ts";
import { buildNode, type HopParts } from "./node.ts";
import type { Upkeep } from "./upkeep.ts";

/** A node of a list, as long as the list has it: how it fares and what it has ready outlives other changes of the list. */
interface Listed {
  readonly node: ChainNode;
  readonly upkeep: Upkeep;
}

/** The nodes that a hop's loader has. Rejects with a ConfigError where they cannot be read or used the first time. */
export async function readNodes(
  loader: NodeLoaderConfig,
  parts: HopParts,
  context: Context,
): Promise<readonly Live<readonly ChainNode[]>[]> {
  const known = new Map<string, Map<string, Listed>>();
  return await readLive(loader, async (text, { file }) => {
    const { nodes, errors, warnings } = loader.readNodes(file, text);
    const [error] = errors;
    if (error !== undefined) throw error;
    for (const warning of warnings) {
      context.log.warn("config", { problem: formatProblem(warning) });
    }
    const before = known.get(file) ?? new Map<string, Listed>();
    const now = new Map<string, Listed>();
    for (const config of nodes) {
      const key = identityOf(config);
      now.set(key, before.get(key) ?? await build(config, parts, context));
    }
    for (const [key, { upkeep }] of before) {
      if (!now.has(key)) context.upkeep.remove(upkeep);
    }
    known.set(file, now);
    return [...now.values()].map(({ node }) => node);
  }, context);
}

async function build(
  config: NodeConfig,
  parts: HopParts,
  context: Context,
): Promise<Listed> {
  const upkeep = context.upkeep.part();
  try {
    const node = await buildNode(config, parts, { ...context, upkeep });
    return { node, upkeep };
  } catch (error) {
    context.upkeep.remove(upkeep);
    throw error;
  }
}
