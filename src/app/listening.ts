import type { ListenerConfig, ServerTlsConfig } from "../config/schema.ts";
import type { Listen } from "../inbound/contracts.ts";
import { mux } from "../inbound/listener/mux.ts";
import { tcp } from "../inbound/listener/tcp.ts";
import { type ServerTlsOptions, tls } from "../inbound/listener/tls.ts";
import { ws } from "../inbound/listener/ws.ts";
import { selfSignedCertificate } from "../inbound/self_signed.ts";
import type { Context } from "./context.ts";
import { identityOf } from "./identity.ts";
import { readCertificateAndKey, versions } from "./pem.ts";

/** A certificate that nobody can verify need not last: it is made anew at each start. */
const SELF_SIGNED_DAYS = 365;

/** A way to listen. */
export interface Listening {
  readonly listen: Listen;
  /** Equal where a listener that is there already will do: what its files hold is part of it. */
  readonly identity: string;
}

type Tls = Omit<ServerTlsOptions, "clock" | "log" | "streams">;

/** Rejects with a ConfigError where a certificate cannot be read. */
export async function buildListening(
  config: ListenerConfig,
  context: Context,
): Promise<Listening> {
  const secured = config.type === "tls" || config.type === "wss"
    ? await serverTls(config.tls)
    : undefined;
  const carriers = carriersOf(config, secured, context);
  return {
    listen: config.mux === undefined
      ? carriers
      : muxed(carriers, config.mux, context),
    identity: identityOf([config, isSelfSigned(config) ? null : secured]),
  };
}

function muxed(
  carriers: Listen,
  { version: _, ...options }: ListenerConfig["mux"] & object,
  { clock, log }: Context,
): Listen {
  return mux(carriers, { ...options, clock, log });
}

/** `secured` is there where the type says so. */
function carriersOf(
  config: ListenerConfig,
  secured: Tls | undefined,
  { clock, log, streams }: Context,
): Listen {
  const below = secured === undefined
    ? tcp(streams)
    : tls({ ...secured, clock, log, streams });
  return config.type === "ws" || config.type === "wss"
    ? ws(below, { path: config.path, clock, log })
    : below;
}

function isSelfSigned(config: ListenerConfig): boolean {
  return "tls" in config && config.tls.certificate === undefined;
}

async function serverTls(config: ServerTlsConfig): Promise<Tls> {
  const { certificate, alpn, at } = config;
  const pem = certificate === undefined
    ? selfSignedCertificate({
      names: ["tungo"],
      now: new Date(),
      days: SELF_SIGNED_DAYS,
    })
    : await readCertificateAndKey(certificate, at);
  return {
    ...pem,
    ...(alpn.length === 0 ? {} : { alpn }),
    ...versions(config),
  };
}
