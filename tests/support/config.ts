import type { Command } from "../../src/config/command/options.ts";
import { formatProblem } from "../../src/config/problems.ts";
import { type ReadConfig, readConfig } from "../../src/config/read_config.ts";
import type {
  Config,
  ProxyServiceConfig,
  TungoServiceConfig,
} from "../../src/config/schema.ts";
import { patternProblem } from "../../src/rules/pattern.ts";

export interface Written extends Partial<Command> {
  /** Of a file called a.yaml. */
  readonly yaml?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What readConfig makes of a file, a command line and an environment. */
export function read({ yaml, environment, ...command }: Written): ReadConfig {
  return readConfig({
    command: { L: [], F: [], D: false, DD: false, ...command },
    files: yaml === undefined ? [] : [{ name: "a.yaml", text: yaml }],
    environment: environment ?? {},
    patternProblem,
  });
}

export function errorsOf(written: Written): readonly string[] {
  return read(written).errors.map(formatProblem);
}

export function warningsOf(written: Written): readonly string[] {
  return read(written).warnings.map(formatProblem);
}

export function configOf(written: Written): Config {
  const { config, errors } = read(written);
  if (config === undefined) throw new Error(errors.map(formatProblem).join());
  return config;
}

/** The first service, a tungo. */
export function tungoOf(written: Written): TungoServiceConfig {
  const [service] = configOf(written).services;
  if (service?.type !== "tungo") throw new Error("the service is no tungo");
  return service;
}

/** The first service, a proxy. */
export function proxyOf(written: Written): ProxyServiceConfig {
  const [service] = configOf(written).services;
  if (service?.type !== "proxy") throw new Error("the service is no proxy");
  return service;
}
