import type { Config } from "../schema.ts";
import { Problems } from "../problems.ts";
import type { Mapping } from "../tree/node.ts";
import { findBypass } from "./bypass.ts";
import { decodeChain } from "./chain.ts";
import type { Context } from "./context.ts";
import { decodeHosts } from "./hosts.ts";
import { decodeLog } from "./log.ts";
import { References, type Unused } from "./references.ts";
import { decodeResolver } from "./resolver.ts";
import { child, ignore, type Section } from "./section.ts";
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
  const context = newContext(document, {
    problems,
    references,
    patternProblem,
  });
  const { services, skipped } = decodeServices(document, context);
  // What has been left out may have used the rest.
  if (!skipped) {
    const unused = references.reportUnused([
      "chains",
      "hops",
      "bypasses",
      "resolvers",
      "hosts",
    ]);
    reportInUnused(unused, document, context);
  }
  return { services, log: decodeLog(child(document, "log"), problems) };
}

function newContext(
  document: Section,
  options: Pick<Context, "problems" | "references" | "patternProblem">,
): Context {
  const context: Context = {
    ...options,
    reporting(problems) {
      const references = new References(document, problems);
      return { ...context, problems, references };
    },
    chains: new Map(),
    bypasses: new Map(),
    hosts: new Map(),
    resolvers: new Map(),
    chain: (reference, from) => decodeChain(reference, from, context),
  };
  return context;
}

/** What is wrong with a chain that nothing uses is no reason not to start. */
function reportInUnused(
  unused: readonly Unused[],
  document: Section,
  { problems, patternProblem }: Context,
): void {
  const own = new Problems();
  const references = new References(document, own);
  // Said already.
  const known = new Set(own.errors());
  const context = newContext(document, {
    problems: own,
    references,
    patternProblem,
  });
  for (const one of unused) decodeUnused(one, context);
  for (const error of own.errors()) {
    if (known.has(error)) continue;
    problems.warn(`If it were used: ${error.message}`, error);
  }
}

function decodeUnused({ kind, name, object }: Unused, context: Context): void {
  switch (kind) {
    case "chains":
      decodeChain(name, object, context);
      break;
    case "bypasses":
      findBypass(name, object, context);
      break;
    case "resolvers":
      decodeResolver(name, object, context);
      break;
    case "hosts":
      decodeHosts(object, context);
      break;
    default:
      // Of the others too much depends on what uses them.
  }
}
