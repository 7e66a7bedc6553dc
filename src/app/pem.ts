import { createPrivateKey, X509Certificate } from "node:crypto";
import { ConfigError, describe, type Position } from "../base/errors.ts";
import type {
  CertificateConfig,
  ClientTlsConfig,
  TlsVersion,
} from "../config/hop_schema.ts";
import type { ServerTlsConfig } from "../config/schema.ts";
import type { TlsOptions } from "../outbound/transport/tls.ts";

export interface Certificate {
  /** PEM */
  readonly cert: string;
  readonly key: string;
}

/** Reads what a `tls` block names. Rejects with a ConfigError. */
export async function readClientTls(
  config: ClientTlsConfig,
): Promise<TlsOptions> {
  const { serverName, verify, caFile, certificate, alpn, at } = config;
  return {
    serverName,
    secure: verify === "full",
    ...(caFile === undefined
      ? {}
      : { ca: await readCertificate(caFile, "caFile", at) }),
    ...(certificate === undefined
      ? {}
      : await readCertificateAndKey(certificate, at)),
    ...(alpn.length === 0 ? {} : { alpn }),
    ...versions(config),
  };
}

/** TLS 1.2 is the least that there is. */
export function versions(
  { minVersion, maxVersion, at }: ClientTlsConfig | ServerTlsConfig,
): Pick<TlsOptions, "minVersion" | "maxVersion"> {
  const max = maxVersion === undefined ? undefined : modern(maxVersion);
  if (maxVersion !== undefined && max === undefined) {
    const message = `Cannot use ${maxVersion} as TLSv1.2 is the least`;
    throw new ConfigError(message, "tls.options.maxVersion", at);
  }
  const min = minVersion === undefined ? undefined : modern(minVersion);
  return {
    ...(min === undefined ? {} : { minVersion: min }),
    ...(max === undefined ? {} : { maxVersion: max }),
  };
}

export async function readCertificateAndKey(
  { certFile, keyFile }: CertificateConfig,
  at: Position,
): Promise<Certificate> {
  const cert = await readCertificate(certFile, "certFile", at);
  const key = await readFile(keyFile, "keyFile", at);
  check(keyFile, "keyFile", at, () => createPrivateKey(key));
  return { cert, key };
}

async function readCertificate(
  path: string,
  key: "caFile" | "certFile",
  at: Position,
): Promise<string> {
  const text = await readFile(path, key, at);
  check(path, key, at, () => new X509Certificate(text));
  return text;
}

async function readFile(
  path: string,
  key: string,
  at: Position,
): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const message = `Cannot read "${path}": ${describe(error)}`;
    throw new ConfigError(message, `tls.${key}`, at);
  }
}

function check(
  path: string,
  key: string,
  at: Position,
  parse: () => unknown,
): void {
  try {
    parse();
  } catch {
    const what = key === "keyFile" ? "private key" : "certificate";
    const message = `Cannot use "${path}" as it holds no ${what} in PEM`;
    throw new ConfigError(message, `tls.${key}`, at);
  }
}

function modern(version: TlsVersion): "TLSv1.2" | "TLSv1.3" | undefined {
  return version === "TLSv1.2" || version === "TLSv1.3" ? version : undefined;
}
