import type { NodeRuleConfig, RuleConfig } from "../config/chain_schema.ts";
import type { ChoiceRule } from "../outbound/select.ts";
import {
  allOf,
  anyOf,
  bypassed,
  clientIp,
  host,
  hostRegexp,
  network,
  NEVER,
  not,
  type Rule,
} from "../rules/rule.ts";
import type { Context } from "./context.ts";

/** Rejects with a ConfigError where a list of a bypass cannot be read. */
export async function buildRule(
  config: NodeRuleConfig | undefined,
  context: Pick<Context, "bypasses">,
): Promise<ChoiceRule | undefined> {
  if (config === undefined) return undefined;
  const { text, at, rule, priority } = config;
  return { text, at, priority, matches: await build(rule, context) };
}

async function build(
  config: RuleConfig,
  context: Pick<Context, "bypasses">,
): Promise<Rule> {
  switch (config.type) {
    case "and":
    case "or": {
      const rules: Rule[] = [];
      for (const part of config.of) rules.push(await build(part, context));
      return config.type === "and" ? allOf(rules) : anyOf(rules);
    }
    case "not":
      return not(await build(config.of, context));
    case "host":
      return host(config.host);
    case "hostRegexp":
      return hostRegexp(new RegExp(config.expression, config.flags));
    case "network":
      return network(config.network);
    case "clientIP":
      return clientIp(config.pattern);
    case "bypass":
      return bypassed(await context.bypasses.group([config.bypass]));
    case "never":
      return NEVER;
    default:
      throw new Error(`Unreachable rule: ${config satisfies never}`);
  }
}
