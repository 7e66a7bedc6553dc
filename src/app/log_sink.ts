import type { Fields, Log, LogLevel } from "../base/log.ts";

export interface LogSinkOptions {
  /** Lines below it are left out. */
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Takes a line with its end. */
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** One line per event, with GOST's names for time, level and message. */
export function createLog(options: LogSinkOptions): Log {
  const least = LEVELS.indexOf(options.level);
  const enabled = (level: LogLevel): boolean => LEVELS.indexOf(level) >= least;
  const format = options.format === "json" ? formatJson : formatText;
  const at =
    (level: LogLevel) => (event: string, fields: Fields = {}): void => {
      if (!enabled(level)) return;
      options.write(format(options.now(), level, event, fields));
    };
  return {
    enabled,
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

function formatJson(
  now: Date,
  level: LogLevel,
  msg: string,
  fields: Fields,
): string {
  const time = now.toISOString();
  return `${JSON.stringify({ time, level, msg, ...fields })}\n`;
}

function formatText(
  now: Date,
  level: LogLevel,
  event: string,
  fields: Fields,
): string {
  const time = now.toISOString().slice(11, 23);
  const parts = Object.entries(fields).filter(([, value]) =>
    value !== undefined
  ).map(([name, value]) => `${name}=${quote(String(value))}`);
  return `${[time, level.padEnd(5), event, ...parts].join(" ")}\n`;
}

/** As it is where neither a reader nor a terminal can go astray: what a peer has said must not move its cursor. */
function quote(text: string): string {
  if (/^[^\s"=\p{Cc}]+$/u.test(text)) return text;
  return JSON.stringify(text).replace(
    /\p{Cc}/gu,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );
}
