import type { LogLevel } from "../../base/log.ts";
import type { Problems } from "../problems.ts";
import type { LogConfig, LogOutputConfig } from "../schema.ts";
import { ignore, place, type Section, text } from "./section.ts";

const LEVELS: readonly LogLevel[] = [
  "trace",
  "debug",
  "info",
  "warn",
  "error",
  "fatal",
];
const FORMATS = ["auto", "text", "json"] as const;

export function decodeLog(section: Section, problems: Problems): LogConfig {
  ignore(section, ["rotation"], problems);
  const choose = <T extends string>(
    key: string,
    choices: readonly T[],
    fallback: T,
  ): T => {
    const given = text(section, key).toLowerCase();
    if (given === "") return fallback;
    const chosen = choices.find((choice) => choice === given);
    if (chosen === undefined) {
      problems.error(
        `Cannot use the ${key} "${given}" as it must be one of ${
          choices.join(", ")
        }`,
        place(section, key),
      );
    }
    return chosen ?? fallback;
  };
  return {
    level: choose("level", LEVELS, "info"),
    format: choose("format", FORMATS, "auto"),
    output: parseOutput(text(section, "output")),
  };
}

function parseOutput(text: string): LogOutputConfig {
  switch (text) {
    case "":
    case "stderr":
      return { type: "stderr" };
    case "stdout":
      return { type: "stdout" };
    case "none":
    case "null":
      return { type: "none" };
    default:
      return { type: "file", path: text };
  }
}
