import type { NodeRuleConfig, RuleConfig } from "../chain_schema.ts";
import { unknown } from "../values/nearest.ts";
import { parseRule, type RuleSyntax } from "../values/rule.ts";
import { findBypass } from "./bypass.ts";
import type { Context } from "./context.ts";
import {
  child,
  ignore,
  integer,
  place,
  says,
  type Section,
  text,
} from "./section.ts";

type Call = Extract<RuleSyntax, { kind: "call" }>;

/** The functions of a rule, as GOST spells them; case does not matter. */
const FUNCTIONS = ["Host", "HostRegexp", "Network", "Bypass", "ClientIP"];

/** What they ask for, a chain never knows: they match nothing, as in GOST. */
const NEVER = [
  ...["Proto", "Method", "Path", "PathPrefix", "PathRegexp", "Header"],
  ...["HeaderRegexp", "Query", "QueryRegexp", "Body", "BodyRegexp"],
  "Admission",
];

/** Which flows a node, or a chain of a group, is for; undefined for all. */
export function decodeRule(
  section: Section,
  context: Context,
): NodeRuleConfig | undefined {
  const { problems } = context;
  const matcher = child(section, "matcher");
  ignore(matcher, ["bodySize"], problems);
  const written = text(matcher, "rule");
  if (written === "") {
    ignore(matcher, ["priority"], problems);
    return decodeFilter(section, context);
  }
  const { path, at } = place(matcher, "rule");
  ignore(section, ["filter"], problems);
  const syntax = parseRule(written);
  if ("problem" in syntax) {
    const where = `at character ${syntax.at} ${syntax.problem}`;
    problems.error(`Cannot use the rule "${written}": ${where}`, { path, at });
    return undefined;
  }
  const given = integer(matcher, "priority");
  return {
    at,
    text: written,
    rule: resolve(syntax, matcher, context),
    // As in GOST, the longer rule is the more special one.
    priority: given === 0 ? written.length : given,
  };
}

/** GOST's way before there were rules. */
function decodeFilter(
  section: Section,
  { problems }: Context,
): NodeRuleConfig | undefined {
  const filter = child(section, "filter");
  const base = { at: filter.at, priority: 0 };
  for (const key of ["protocol", "path"]) {
    if (!says(filter, key)) continue;
    problems.warn(
      `"${key}" keeps all flows away from this node: a chain never knows it`,
      place(filter, key),
    );
    return { ...base, text: key, rule: { type: "never" } };
  }
  const host = text(filter, "host").toLowerCase();
  if (host === "") return undefined;
  // GOST's own reading: "*x", ".x" and "*.x" are all whatever ends with "x".
  const suffix = /^(?:\*\.?|\.)(.*)$/.exec(host)?.[1];
  const rule: RuleConfig = suffix === undefined
    ? { type: "host", host }
    : { type: "hostRegexp", expression: `${escaped(suffix)}$`, flags: "u" };
  return { ...base, text: `filter ${host}`, rule };
}

function resolve(
  syntax: RuleSyntax,
  matcher: Section,
  context: Context,
): RuleConfig {
  switch (syntax.kind) {
    case "call":
      return resolveCall(syntax, matcher, context);
    case "not":
      return { type: "not", of: resolve(syntax.of, matcher, context) };
    case "and":
    case "or": {
      const of = syntax.of.map((part) => resolve(part, matcher, context));
      return { type: syntax.kind, of };
    }
  }
}

function resolveCall(
  { name, args, at }: Call,
  matcher: Section,
  context: Context,
): RuleConfig {
  const { problems } = context;
  const from = place(matcher, "rule");
  const complain = (problem: string): RuleConfig => {
    problems.error(
      `Cannot use ${name} at character ${at} of the rule: ${problem}`,
      from,
    );
    return { type: "never" };
  };
  const called = name.toLowerCase();
  const known = [...FUNCTIONS, ...NEVER].find((known) =>
    known.toLowerCase() === called
  );
  if (known === undefined) {
    const all = `use ${FUNCTIONS.join(", ")}`;
    problems.error(unknown("function", name, FUNCTIONS, all), from);
    return { type: "never" };
  }
  if (NEVER.includes(known)) {
    problems.warn(`${known} matches nothing: a chain never knows it`, from);
    return { type: "never" };
  }
  const [argument = "", ...more] = args;
  if (more.length > 0) return complain("it takes one text");
  switch (called) {
    case "host":
      return argument === "" || /[^\x21-\x7e]/.test(argument)
        ? complain("it takes a name in ASCII")
        : { type: "host", host: argument.toLowerCase() };
    case "hostregexp":
      return resolveRegexp(argument) ??
        complain(`"${argument}" is no regular expression`);
    case "network":
      return argument === ""
        ? complain("it takes tcp or udp")
        : { type: "network", network: argument.toLowerCase() };
    case "bypass": {
      const bypass = findBypass(argument, from, context);
      return bypass === undefined
        ? { type: "never" }
        : { type: "not", of: { type: "bypass", bypass } };
    }
    default: {
      const problem = context.patternProblem(argument);
      return problem !== undefined || !/^[\d:][^*?]*$/.test(argument)
        ? complain("it takes an address or a prefix")
        : { type: "clientIP", pattern: argument };
    }
  }
}

/** Go's spellings that JavaScript has others for. Undefined where there is none. */
function resolveRegexp(text: string): RuleConfig | undefined {
  if (/\[\[:/.test(text)) return undefined;
  const insensitive = text.startsWith("(?i)");
  const expression = (insensitive ? text.slice(4) : text)
    .replaceAll("(?P<", "(?<").replaceAll("\\A", "^").replaceAll("\\z", "$");
  const flags = insensitive ? "iu" : "u";
  try {
    new RegExp(expression, flags);
  } catch {
    return undefined;
  }
  return { type: "hostRegexp", expression, flags };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
