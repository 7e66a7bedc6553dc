import type { ConfigError, Position } from "../base/errors.ts";
import { commandDocument } from "./command/command_document.ts";
import { operatorDocument } from "./command/operator_url.ts";
import type { Command } from "./command/options.ts";
import { decodeConfig } from "./decode/config.ts";
import { freeze } from "./freeze.ts";
import { type ConfigWarning, Problems } from "./problems.ts";
import type { Config } from "./schema.ts";
import { conform } from "./tree/conform.ts";
import { readDocument } from "./tree/document.ts";
import { GOST } from "./tree/gost.ts";
import { merge } from "./tree/merge.ts";
import {
  find,
  type Mapping,
  mapping,
  type Node,
  scalar,
  withEntry,
} from "./tree/node.ts";
import { parseDuration } from "./values/duration.ts";

export interface ConfigSources {
  readonly command: Command;
  /** In the order of -C. `name` is what positions call it: a path, "-" or "-C". */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What is wrong with a matcher of a bypass, undefined when nothing is. */
  readonly patternProblem: (text: string) => string | undefined;
}

export interface ReadConfig {
  /** Undefined when there are errors. */
  readonly config: Config | undefined;
  /** Everything merged, for `print`. */
  readonly document: Mapping;
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigWarning[];
}

/** From all that the user wrote to a configuration, or to all that is wrong with it. Reads no files and never throws. */
export function readConfig(
  { command, files, environment, patternProblem }: ConfigSources,
): ReadConfig {
  const problems = new Problems();
  const conformed = (document: Mapping): Mapping =>
    conform(document, GOST, problems);
  const written = files.map(({ name, text }) =>
    conformed(readDocument(name, text, problems))
  ).reduceRight(
    (later, earlier) => merge(earlier, later),
    conformed(commandDocument(command, problems)),
  );
  const document = merge(
    withLogLevel(withEnvironment(written, environment), command),
    conformed(operatorDocument(command, problems)),
  );
  checkReload(command, problems);
  const config = decodeConfig(document, patternProblem, problems);
  const errors = problems.errors();
  return {
    config: errors.length === 0 ? freeze(config) : undefined,
    document,
    errors,
    warnings: problems.warnings(),
  };
}

/** GOST's variables, each with the field that it replaces. */
const VARIABLES = [
  ["GOST_LOGGER_LEVEL", "log", "level"],
  ["GOST_API", "api", "addr"],
  ["GOST_METRICS", "metrics", "addr"],
  ["GOST_PROFILING", "profiling", "addr"],
] as const;

function withEnvironment(
  document: Mapping,
  environment: ConfigSources["environment"],
): Mapping {
  return VARIABLES.reduce((document, [variable, object, field]) => {
    const text = environment[variable];
    return text === undefined || text === ""
      ? document
      : withField(document, object, field, scalar(text, optionAt(variable)));
  }, document);
}

function withLogLevel(document: Mapping, { D, DD }: Command): Mapping {
  if (!D && !DD) return document;
  const level = DD
    ? scalar("trace", optionAt("-DD"))
    : scalar("debug", optionAt("-D"));
  return withField(document, "log", "level", level);
}

function withField(
  document: Mapping,
  object: string,
  field: string,
  value: Node,
): Mapping {
  const old = find(document, object)?.value;
  const base = old?.kind === "mapping" ? old : mapping({}, value.at);
  return withEntry(document, object, withEntry(base, field, value));
}

function checkReload({ R }: Command, problems: Problems): void {
  if (R === undefined || (parseDuration(R) ?? -1) >= 0) return;
  const place = { path: "", at: optionAt("-R") };
  problems.error(`Cannot use "${R}" here: write a duration like 30s`, place);
}

function optionAt(name: string): Position {
  return { file: name, line: 0, column: 0 };
}
