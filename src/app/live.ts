import type { Millis } from "../base/clock.ts";
import { ConfigError, describe } from "../base/errors.ts";
import type {
  FileSourceConfig,
  HttpSourceConfig,
  LoaderConfig,
  SourceConfig,
} from "../config/chain_schema.ts";
import { formatProblem } from "../config/problems.ts";
import type { Context } from "./context.ts";

/** How soon what has never been downloaded is tried again. */
const RETRY: Millis = 10_000;

/** What was last read from a source and could be used. */
export interface Live<T> {
  /** What an empty text means, as long as nothing has been read. */
  readonly current: T;
  readonly isRead: boolean;
}

/** What there is to read of a source: undefined where it has not changed. Rejects where it cannot be read. */
type Read = () => Promise<string | undefined>;

interface Reader<T> {
  readonly source: SourceConfig;
  readonly read: Read;
  readonly parse: (text: string, source: SourceConfig) => Promise<T>;
  readonly live: { current: T; isRead: boolean };
}

/**
 * Reads each source of a loader, and again as often as it says. Files are read now: rejects with a ConfigError where one cannot
 * be. What is downloaded comes when the services run, as it may come through them. Whatever happens later, the last good one
 * stays. `parse` may reject for a text that cannot be used.
 */
export async function readLive<T>(
  { sources, reload }: LoaderConfig,
  parse: (text: string, source: SourceConfig) => Promise<T>,
  context: Pick<Context, "files" | "log" | "upkeep">,
): Promise<readonly Live<T>[]> {
  const all: Live<T>[] = [];
  const { upkeep, log } = context;
  for (const source of sources) {
    if (source.type === "file") {
      const read = fileReader(source, context);
      const current = await first(source, read, parse);
      const live = { current, isRead: true };
      const again = reader({ source, read, parse, live }, log);
      if (reload !== undefined) upkeep.every(reload, again);
      all.push(live);
    } else {
      const read = downloader(source, context);
      const live = { current: await parse("", source), isRead: false };
      const again = reader({ source, read, parse, live }, log);
      upkeep.repeat(0, async () => {
        await again();
        return live.isRead ? reload : Math.min(RETRY, reload ?? RETRY);
      });
      all.push(live);
    }
  }
  return all;
}

async function first<T>(
  source: FileSourceConfig,
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
  { source, read, parse, live }: Reader<T>,
  log: Context["log"],
): () => Promise<void> {
  let said: string | undefined;
  return async () => {
    const { file } = source;
    try {
      const text = await read();
      if (text === undefined && said === undefined) return;
      if (text !== undefined) {
        live.current = await parse(text, source);
        live.isRead = true;
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
function fileReader(
  { file }: FileSourceConfig,
  { files }: Pick<Context, "files">,
): Read {
  let known: string | undefined;
  return async () => {
    const stamp = await files.stamp(file);
    if (stamp === known) return undefined;
    const text = await files.read(file);
    // The first time there is nothing better.
    const settled = known === undefined || await files.stamp(file) === stamp;
    if (!settled) return undefined;
    known = stamp;
    return text;
  };
}

function downloader(
  { url, timeout }: HttpSourceConfig,
  { files }: Pick<Context, "files">,
): Read {
  let known: string | undefined;
  return async () => {
    const text = await files.download(url.reveal(), timeout);
    const digest = await digestOf(text);
    if (digest === known) return undefined;
    known = digest;
    return text;
  };
}

/** Instead of the text, which may be long. */
async function digestOf(text: string): Promise<string> {
  const octets = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}
