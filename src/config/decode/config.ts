import type { Config } from "../schema.ts";
import type { Problems } from "../problems.ts";
import type { Mapping } from "../tree/node.ts";
import { decodeChain } from "./chain.ts";
import type { Context } from "./context.ts";
import { decodeLog } from "./log.ts";
import { References } from "./references.ts";
import { child, ignore } from "./section.ts";
import { decodeServices } from "./services.ts";

/** To be thrown away when there are errors among the problems. */
export function decodeConfig(
  node: Mapping,
  patternProblem: (text: string) => string | undefined,
  problems: Problems,
): Config {
  const document = { node, path: "", at: node.at };
  const references = new References(document, problems);
  ignore(document, ["api", "metrics", "profiling"], problems);
  const context: Context = {
    problems,
    references,
    patternProblem,
    chains: new Map(),
    bypasses: new Map(),
    hosts: new Map(),
    resolvers: new Map(),
    chain: (reference, from) => decodeChain(reference, from, context),
  };
  const { services, skipped } = decodeServices(document, context);
  // What has been left out may have used the rest.
  if (!skipped) {
    references.reportUnused([
      "chains",
      "hops",
      "bypasses",
      "resolvers",
      "hosts",
    ]);
  }
  return { services, log: decodeLog(child(document, "log"), problems) };
}
