import { ConfigError, describe } from "../base/errors.ts";
import type { LoaderConfig, SourceConfig } from "../config/chain_schema.ts";
import { formatProblem } from "../config/problems.ts";
import type { Context } from "./context.ts";

/** What was last read from a source and could be used. */
export interface Live<T> {
  readonly current: T;
}

/** What there is to read of a source: undefined where it has not changed. Rejects where it cannot be read. */
type Read = () => Promise<string | undefined>;

/**
 * Reads each source of a loader, and again as often as it says. Rejects with a ConfigError where one cannot be read the first
 * time; later the last good one stays. `parse` may reject for a text that cannot be used.
 */
export async function readLive<T>(
  { sources, reload }: LoaderConfig,
  parse: (text: string, source: SourceConfig) => Promise<T>,
  context: Pick<Context, "files" | "log" | "upkeep">,
): Promise<readonly Live<T>[]> {
  const all: Live<T>[] = [];
  for (const source of sources) {
    const read = fileReader(source.file, context);
    const live = { current: await first(source, read, parse) };
    all.push(live);
    if (reload === undefined) continue;
    const again = reader(source, { read, parse, live }, context);
    context.upkeep.every(reload, again);
  }
  return all;
}

async function first<T>(
  source: SourceConfig,
  read: Read,
  parse: (text: string, source: SourceConfig) => Promise<T>,
): Promise<T> {
  try {
    return await parse(await read() ?? "", source);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const message = `Cannot read "${source.file}": ${describe(error)}`;
    throw new ConfigError(message, source.path, source.at);
  }
}

/** Reads a source once more. What is wrong with it is said once. */
function reader<T>(
  source: SourceConfig,
  { read, parse, live }: {
    readonly read: Read;
    readonly parse: (text: string, source: SourceConfig) => Promise<T>;
    readonly live: { current: T };
  },
  { log }: Pick<Context, "log">,
): () => Promise<void> {
  let said: string | undefined;
  return async () => {
    const { file } = source;
    try {
      const text = await read();
      if (text === undefined && said === undefined) return;
      if (text !== undefined) {
        live.current = await parse(text, source);
        log.info("list.reload", { file });
      }
      said = undefined;
    } catch (error) {
      const reason = error instanceof ConfigError
        ? formatProblem(error)
        : describe(error);
      if (reason !== said) log.warn("list.keep", { file, reason });
      said = reason;
    }
  };
}

/** Reads a file only when it has been written to, and not while it is being written to. */
function fileReader(path: string, { files }: Pick<Context, "files">): Read {
  let known: string | undefined;
  return async () => {
    const stamp = await files.stamp(path);
    if (stamp === known) return undefined;
    const text = await files.read(path);
    // The first time there is nothing better.
    const settled = known === undefined || await files.stamp(path) === stamp;
    if (!settled) return undefined;
    known = stamp;
    return text;
  };
}
