import type { Fields, Log } from "../../src/base/log.ts";

/** Keeps its lines as `level event {…}`. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (event: string, fields: Fields = {}) => {
    lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
  };
  return {
    lines,
    enabled: () => true,
    trace: write("trace"),
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}
