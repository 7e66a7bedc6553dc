import type { Millis } from "../base/clock.ts";
import { ConfigError, describe } from "../base/errors.ts";
import type { Command } from "../config/command/options.ts";
import { defaultPaths, parseSource } from "../config/command/sources.ts";
import { type ReadConfig, readConfig } from "../config/read_config.ts";
import { patternProblem } from "../rules/pattern.ts";
import { download } from "./download.ts";

/** GOST's bounds for a configuration that is downloaded. */
const DOWNLOAD_TIMEOUT: Millis = 30_000;
const MAX_DOWNLOAD = 10 * 1024 * 1024;

export interface LoadOptions {
  readonly command: Command;
  /** Arguments of -C. */
  readonly sources: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What the command line names, or the first of the usual files where it names nothing; read as often as it is wanted. */
export class ConfigSources {
  readonly #options: LoadOptions;
  #files: readonly File[] = [];
  /** Standard input can be read only once. */
  #stdin: Promise<string> | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Throws a ConfigError for what cannot be read. */
  async load(): Promise<ReadConfig> {
    const { command, sources, environment } = this.#options;
    this.#files = sources.length === 0 && command.L.length === 0
      ? await findDefault(environment["HOME"])
      : await Promise.all(sources.map((source) => this.#read(source)));
    const files = this.#files;
    return readConfig({ command, files, environment, patternProblem });
  }

  /** What was read last: equal where nothing has been written meanwhile. */
  text(): string {
    return JSON.stringify(this.#files);
  }

  /** The paths of what was read last. */
  paths(): readonly string[] {
    return this.#files.map(({ name }) => name)
      .filter((name) => !/^-|^https?:/.test(name));
  }

  async #read(argument: string): Promise<File> {
    const source = parseSource(argument);
    if (source instanceof ConfigError) throw source;
    switch (source.type) {
      case "inline":
        return { name: "-C", text: source.text };
      case "stdin":
        this.#stdin ??= readStdin();
        return { name: "-", text: await this.#stdin };
      case "url":
        return { name: source.name, text: await downloadConfig(source) };
      case "file":
        return { name: source.path, text: await readFile(source.path) };
      default:
        throw new Error(`Unreachable source: ${source satisfies never}`);
    }
  }
}

interface File {
  readonly name: string;
  readonly text: string;
}

/** Throws a ConfigError where it cannot be read. */
export async function readFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const at = { file: path, line: 0, column: 0 };
    throw new ConfigError(`Cannot read it: ${describe(error)}`, "", at);
  }
}

/** Throws a ConfigError. */
async function downloadConfig(
  { url, name }: { readonly url: string; readonly name: string },
): Promise<string> {
  try {
    return await download(url, {
      timeout: DOWNLOAD_TIMEOUT,
      max: MAX_DOWNLOAD,
    });
  } catch (error) {
    const at = { file: name, line: 0, column: 0 };
    throw new ConfigError(`Cannot download it: ${describe(error)}`, "", at);
  }
}

async function readStdin(): Promise<string> {
  return await new Response(Deno.stdin.readable).text();
}

async function findDefault(home: string | undefined): Promise<File[]> {
  for (const path of defaultPaths(home)) {
    try {
      return [{ name: path, text: await Deno.readTextFile(path) }];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      return [{ name: path, text: await readFile(path) }];
    }
  }
  return [];
}
