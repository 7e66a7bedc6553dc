import { ConfigError, type Position } from "../base/errors.ts";
import { Problems } from "../config/problems.ts";
import { conform } from "../config/tree/conform.ts";
import { readDocument } from "../config/tree/document.ts";
import { find, type Mapping } from "../config/tree/node.ts";
import type { Shape } from "../config/tree/shape.ts";
import { type LocatedText, readTexts } from "../config/values/read.ts";
import type { Decider, Decision, Question } from "./decision.ts";
import { parseDestination } from "./question.ts";

/** One line of a file of rules: "example.com:443 udp → direct via eth0". */
export interface Rule {
  readonly at: Position;
  readonly text: string;
  readonly question: Question;
  /** As `outcomeOf` says it. */
  readonly outcome: string;
  /** By which the first socket leaves; any without it. */
  readonly via: string | undefined;
}

export interface RulesFile {
  /** Configurations to be asked, as they are written. */
  readonly configs: readonly string[];
  readonly rules: readonly Rule[];
  readonly errors: readonly ConfigError[];
}

const RULES: Shape = { config: "texts", tests: "texts" };

const GRAMMAR =
  "HOST[:PORT] [tcp|udp] [sni NAME] [service NAME] → direct|rejected|NODE[ > NODE…] [via INTERFACE]";

/** Reads what `tungo test` is to hold against a configuration, or all that is wrong with it. */
export function readRules(name: string, text: string): RulesFile {
  const problems = new Problems();
  const document = conform(readDocument(name, text, problems), RULES, problems);
  const rules: Rule[] = [];
  for (const { text, at } of textsOf(document, "tests")) {
    const rule = parseRule(text, at);
    if (rule !== undefined) rules.push(rule);
    else {
      const message = `Cannot read "${text}": a test is ${GRAMMAR}`;
      problems.error(message, { path: "tests", at });
    }
  }
  if (rules.length === 0 && problems.errors().length === 0) {
    const message = "Cannot find any tests: write a list of them";
    problems.error(message, { path: "tests", at: document.at });
  }
  const configs = textsOf(document, "config").map(({ text }) => text);
  return { configs, rules, errors: problems.errors() };
}

function textsOf(document: Mapping, key: string): readonly LocatedText[] {
  const value = find(document, key)?.value;
  return value === undefined ? [] : readTexts(value) ?? [];
}

/** Undefined where it is none. */
function parseRule(text: string, at: Position): Rule | undefined {
  const [, asked = "", expected = ""] =
    /^(.+?)\s*(?:→|->)\s*(.+)$/.exec(text) ??
      [];
  const question = parseQuestion(asked);
  const [, outcome, via] = /^(\S.*?)(?:\s+via\s+(\S+))?$/.exec(expected) ?? [];
  if (question === undefined || outcome === undefined) return undefined;
  const nodes = outcome.split(/\s*>\s*/);
  if (nodes.some((node) => node === "" || /[→-]$/.test(node))) return undefined;
  return { at, text, question, outcome: nodes.join(" > "), via };
}

function parseQuestion(text: string): Question | undefined {
  const [first = "", ...words] = text.split(/\s+/);
  const to = parseDestination(first);
  if (to === undefined) return undefined;
  let question: Question = { protocol: "tcp", to };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === "tcp" || word === "udp") {
      question = { ...question, protocol: word };
      continue;
    }
    const value = words[++i];
    if (value === undefined) return undefined;
    if (word === "sni") question = { ...question, says: value };
    else if (word === "service") question = { ...question, service: value };
    else return undefined;
  }
  return question;
}

/** Rejects with a ConfigError that names the rule where its service does not exist. */
export async function decideRule(
  { question, at }: Rule,
  decide: Decider,
): Promise<Decision> {
  try {
    return await decide(question);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.message, "tests", at);
  }
}

/** A path that a file says, from where that file is. */
export function beside(file: string, path: string): string {
  const slash = file.lastIndexOf("/");
  const isAlone = path.startsWith("/") || path === "-" || slash < 0;
  return isAlone ? path : `${file.slice(0, slash)}/${path}`;
}
