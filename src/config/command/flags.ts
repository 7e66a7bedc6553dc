import { ConfigError } from "../../base/errors.ts";
import { parseBoolean } from "../values/read.ts";

/** A program's options, in the terms of `parseArgs`. */
export interface Flags {
  readonly string: readonly string[];
  readonly boolean: readonly string[];
}

/**
 * Go's flag syntax in the form that `parseArgs` reads: `-L x`, `-L=x`, `--L x` and `--L=x` become `--L=x`, switches
 * `--D=true`. The first word that is no option ends the options, and so does `--`; the words follow behind a `--`.
 * Returns a ConfigError for an option that `flags` does not have, or whose value is missing.
 */
export function goFlags(
  args: readonly string[],
  flags: Flags,
): string[] | ConfigError {
  const normal: string[] = [];
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (!/^-[^]/.test(arg)) break;
    if (arg === "--") {
      i++;
      break;
    }
    const [, name = "", given] = /^--?([^=]*)(?:=([^]*))?$/.exec(arg) ?? [];
    const fail = (message: string): ConfigError =>
      new ConfigError(message, "", { file: `-${name}`, line: 0, column: 0 });
    if (flags.boolean.includes(name)) {
      const value = parseBoolean(given ?? "true");
      if (value === undefined) {
        return fail(`Cannot use "${given}" here: write true or false`);
      }
      normal.push(`--${name}=${value}`);
    } else if (flags.string.includes(name)) {
      if (given === undefined) i++;
      const value = given ?? args[i];
      if (value === undefined) {
        return fail("Cannot find the value of the option");
      }
      // parseArgs reads an empty value only where nothing follows the name.
      normal.push(value === "" ? `--${name}` : `--${name}=${value}`);
    } else {
      const known = [...flags.string, ...flags.boolean].map((flag) =>
        `-${flag}`
      );
      return fail(`Unknown option: the options are ${known.join(", ")}`);
    }
  }
  return [...normal, "--", ...args.slice(i)];
}

/** Like `goFlags`, for verbs whose words may stand before, between and behind the options. */
export function mixedFlags(
  args: readonly string[],
  flags: Flags,
): string[] | ConfigError {
  const options: string[] = [];
  const words: string[] = [];
  for (let rest = args; rest.length > 0;) {
    const normal = goFlags(rest, flags);
    if (normal instanceof ConfigError) return normal;
    const end = normal.indexOf("--");
    options.push(...normal.slice(0, end));
    const [word, ...others] = normal.slice(end + 1);
    if (word !== undefined) words.push(word);
    rest = others;
  }
  return [...options, "--", ...words];
}
