/**
 * The part of @std/cli/parse-args that main.ts uses: `string`, `boolean` and `collect` for options in their long form.
 * Single-dash clusters, dotted names and negation are left out. JSR's package replaces it by one line in deno.json.
 */

export interface ParseOptions<
  S extends string,
  B extends string,
  C extends string,
> {
  /** Options whose values stay text; other values that look like numbers become numbers. */
  readonly string?: readonly S[];
  /** Options that take no value but a following "true" or "false". */
  readonly boolean?: readonly B[];
  /** Options that may be repeated; of the others the last value counts. */
  readonly collect?: readonly C[];
}

export type Args<S extends string, B extends string, C extends string> =
  & { [K in Exclude<S, C>]?: string }
  & { [K in S & C]: string[] }
  & { [K in B]: boolean }
  & { _: (string | number)[] };

/** Rejects nothing: an option that was not declared becomes a property as well. What follows "--" goes to `_`. */
export function parseArgs<
  const S extends string = never,
  const B extends string = never,
  const C extends string = never,
>(
  args: readonly string[],
  options: ParseOptions<S, B, C> = {},
): Args<S, B, C> {
  const strings = new Set<string>(options.string);
  const booleans = new Set<string>(options.boolean);
  const collected = new Set<string>(options.collect);
  const words: (string | number)[] = [];
  const result: Record<string, unknown> = { _: words };

  function set(key: string, value: string | boolean): void {
    const typed = typeof value === "boolean" || strings.has(key)
      ? value
      : numberOrText(value);
    const earlier = result[key];
    if (!collected.has(key)) result[key] = typed;
    else if (Array.isArray(earlier)) earlier.push(typed);
    else result[key] = [typed];
  }

  const end = args.indexOf("--");
  const parsed = end < 0 ? args : args.slice(0, end);
  for (let i = 0; i < parsed.length; i++) {
    const arg = parsed[i] ?? "";
    const [, key, value] = /^--([^]+?)(?:=([^]+))?$/.exec(arg) ?? [];
    const next = parsed[i + 1];
    if (key === undefined) {
      words.push(strings.has("_") ? arg : numberOrText(arg));
    } else if (value !== undefined) {
      set(key, booleans.has(key) ? value !== "false" : value);
    } else if (next && !next.startsWith("-") && !booleans.has(key)) {
      set(key, next);
      i++;
    } else if (next === "true" || next === "false") {
      set(key, next === "true");
      i++;
    } else {
      set(key, strings.has(key) ? "" : true);
    }
  }
  if (end >= 0) words.push(...args.slice(end + 1));

  for (const key of booleans) result[key] ??= collected.has(key) ? [] : false;
  for (const key of strings) if (collected.has(key)) result[key] ??= [];
  return result as Args<S, B, C>;
}

function numberOrText(text: string): string | number {
  const isNumber = /^(0x[0-9a-f]+|[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?)$/i;
  return isNumber.test(text) ? Number(text) : text;
}
