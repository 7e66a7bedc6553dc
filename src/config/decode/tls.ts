import type {
  CertificateConfig,
  ClientTlsConfig,
  TlsVersion,
} from "../hop_schema.ts";
import type { Problems } from "../problems.ts";
import type { ServerTlsConfig } from "../schema.ts";
import {
  child,
  flag,
  ignore,
  place,
  refuse,
  type Section,
  text,
  texts,
} from "./section.ts";

const VERSIONS: ReadonlyMap<string, TlsVersion> = new Map([
  ["VersionTLS10", "TLSv1"],
  ["VersionTLS11", "TLSv1.1"],
  ["VersionTLS12", "TLSv1.2"],
  ["VersionTLS13", "TLSv1.3"],
]);

type Options = Pick<ClientTlsConfig, "alpn" | "minVersion" | "maxVersion">;

/** `host` is what the node is called without `serverName`. */
export function decodeClientTls(
  section: Section,
  host: string,
  problems: Problems,
): ClientTlsConfig {
  const caFile = text(section, "caFile");
  const verify = flag(section, "secure")
    ? "full"
    : caFile === ""
    ? "none"
    : "chain";
  if (verify === "none") {
    problems.warn(
      `Does not verify the certificate of "${host}" as secure is not true`,
      section,
    );
  }
  ignore(section, ["validity", "commonName", "organization"], problems);
  ignore(section, ["rejectUnknownSNI", "serverNames"], problems);
  const serverName = text(section, "serverName");
  return {
    at: section.at,
    verify,
    serverName: serverName === "" ? host : serverName,
    caFile: caFile === "" ? undefined : caFile,
    certificate: decodeCertificate(section, problems),
    ...decodeOptions(child(section, "options"), problems),
  };
}

export function decodeServerTls(
  section: Section,
  problems: Problems,
): ServerTlsConfig {
  refuse(section, ["caFile", "rejectUnknownSNI", "serverNames"], problems);
  ignore(section, ["validity", "commonName", "organization"], problems);
  return {
    at: section.at,
    certificate: decodeCertificate(section, problems),
    ...decodeOptions(child(section, "options"), problems),
  };
}

function decodeCertificate(
  section: Section,
  problems: Problems,
): CertificateConfig | undefined {
  const certFile = text(section, "certFile");
  const keyFile = text(section, "keyFile");
  if (certFile === "" && keyFile === "") return undefined;
  if (certFile === "" || keyFile === "") {
    const missing = certFile === "" ? "certFile" : "keyFile";
    problems.error(
      `Cannot use a certificate without both its files: ${missing} is missing`,
      section,
    );
  }
  return { certFile, keyFile };
}

function decodeOptions(section: Section, problems: Problems): Options {
  ignore(section, ["cipherSuites"], problems);
  const version = (key: string): TlsVersion | undefined => {
    const name = text(section, key);
    if (name !== "" && !VERSIONS.has(name)) {
      problems.error(
        `Cannot use "${name}" for ${key} as it must be one of ${
          [...VERSIONS.keys()].join(", ")
        }`,
        place(section, key),
      );
    }
    return VERSIONS.get(name);
  };
  const minVersion = version("minVersion");
  const maxVersion = version("maxVersion");
  if (minVersion && maxVersion && minVersion > maxVersion) {
    problems.error(
      `Cannot use a maxVersion below minVersion: no version would be left`,
      place(section, "maxVersion"),
    );
  }
  return {
    alpn: texts(section, "alpn").map(({ text }) => text),
    minVersion,
    maxVersion,
  };
}
