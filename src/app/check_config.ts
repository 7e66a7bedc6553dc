import type { Clock } from "../base/clock.ts";
import {
  ConfigError,
  describe,
  DeviceError,
  DialError,
} from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { SourceConfig } from "../config/chain_schema.ts";
import type {
  CertificateConfig,
  ClientTlsConfig,
} from "../config/hop_schema.ts";
import { Problems } from "../config/problems.ts";
import type { Config, ServerTlsConfig } from "../config/schema.ts";
import { rejected } from "../flow/stream.ts";
import { SYSTEMS } from "../system/system.ts";
import { buildContext } from "./app.ts";
import type { Platform } from "./context.ts";
import { systemFiles } from "./files.ts";
import { readCertificateAndKey, readClientTls, versions } from "./pem.ts";
import { Services } from "./services.ts";

/** What is wrong with the files that a configuration names, all of it; where nothing is, with what comes of building all the rest. Starts nothing. */
export async function checkConfig(
  config: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<readonly ConfigError[]> {
  const problems = new Problems();
  const attempt = async (task: () => Promise<unknown>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.error(error.message, error);
    }
  };
  for (const part of partsOf(config)) await attempt(() => readFilesOf(part));
  if (problems.errors().length === 0) {
    const context = buildContext({ config, platform: NOTHING, clock, log });
    const services = new Services(() => {});
    await attempt(() => services.prepare(config, context));
  }
  return problems.errors();
}

type Part = Partial<ClientTlsConfig & ServerTlsConfig & SourceConfig>;

/** All objects of a configuration, which is plain data. */
function* partsOf(value: unknown): Generator<Part> {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Uint8Array) return;
  yield value;
  for (const member of Object.values(value)) yield* partsOf(member);
}

/** Rejects with a ConfigError. Whatever is no TLS and no list has no files. */
async function readFilesOf(part: Part): Promise<void> {
  if (isClientTls(part)) await readClientTls(part);
  else if (isServerTls(part)) {
    versions(part);
    await readPair(part.certificate, part);
  } else if (part.type === "file" && part.file !== undefined) {
    await readList(part.file, part as SourceConfig);
  }
}

function isClientTls(part: Part): part is ClientTlsConfig {
  return "verify" in part && "caFile" in part;
}

function isServerTls(part: Part): part is ServerTlsConfig {
  return "certificate" in part && "minVersion" in part;
}

async function readPair(
  certificate: CertificateConfig | undefined,
  { at }: ServerTlsConfig,
): Promise<void> {
  if (certificate !== undefined) await readCertificateAndKey(certificate, at);
}

async function readList(
  file: string,
  { path, at }: SourceConfig,
): Promise<void> {
  try {
    await systemFiles().stamp(file);
  } catch (error) {
    throw new ConfigError(
      `Cannot read "${file}": ${describe(error)}`,
      path,
      at,
    );
  }
}

/** A machine on which nothing can be started: what is built is thrown away. */
const NOTHING: Platform = {
  system: SYSTEMS.linux,
  readRoutes: () => [],
  nameservers: () => [],
  openTun: () => {
    throw new DeviceError("open", "ENODEV", "Nothing is started to check");
  },
  openSocket: () => rejected(new DialError("unreachable", "Nothing is sent")),
  openUdp: () => {
    throw new DialError("unreachable", "Nothing is sent");
  },
  ownSocket: () => undefined,
  readInto: () => undefined,
  watchNetwork: () => ({ [Symbol.dispose]() {} }),
  networkVersion: () => 0,
  sleepTime: () => 0,
  giveBack: () => {},
};
