import type { Socket } from "node:net";
import nodeTls, { type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Clock, Millis } from "../../base/clock.ts";
import { DialError } from "../../base/errors.ts";
import { withDeadline } from "../../flow/deadline.ts";
import { duplex } from "../../flow/duplex.ts";
import {
  type NodeStreams,
  type Under,
  underTls,
} from "../../flow/node_stream.ts";
import type { ByteStream } from "../../flow/stream.ts";
import { wrapStream } from "../../flow/wrap.ts";
import { parseAddress } from "../../wire/address.ts";
import type { Carrier, Transport } from "../contracts.ts";

/** GOST's `tls` block of a dialer. */
export interface TlsOptions {
  /** SNI, and what a certificate is held against; an address is not sent as SNI. */
  readonly serverName: string;
  /** Verify chain and name. Without it the chain is verified only where `ca` is given, and never the name. */
  readonly secure: boolean;
  /** PEM; replaces the system's roots. */
  readonly ca?: string;
  /** Client certificate, PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  readonly alpn?: readonly string[];
}

export interface HandshakeBound {
  /** For the handshake alone. */
  readonly timeout?: Millis;
  readonly clock: Clock;
  readonly streams: NodeStreams;
  /** What would do where a certificate is not accepted; a node's keys without it. */
  readonly remedy?: string;
}

const NODE_REMEDY =
  "give its CA as caFile, its name as serverName, or leave out secure";

/** TLS on what `transport` opens. */
export function tls(
  transport: Transport,
  { timeout, clock, streams, remedy = NODE_REMEDY, ...options }:
    & TlsOptions
    & HandshakeBound,
): Transport {
  const connection = connectionOptions(options);
  const how = { connection, streams, remedy };
  return async function tls(base, signal) {
    const carrier = await transport(base, signal);
    const { stream, alpn } = await withDeadline(
      { clock, timeout, signal, what: "The TLS handshake" },
      (signal) => handshake(carrier, how, signal),
    );
    const { roundTrip, isTungo } = carrier;
    return wrapStream(stream, { roundTrip, isTungo, ...alpn });
  };
}

/** Made once: reading a certificate for each connection would double the cost of the handshake. */
function connectionOptions(options: TlsOptions): ConnectionOptions {
  const { serverName, secure, ca, cert, key } = options;
  const { minVersion, maxVersion, alpn } = options;
  const secureContext = nodeTls.createSecureContext({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  });
  const isName = parseAddress(serverName) === undefined;
  return {
    secureContext,
    // An unverified name is verified by nobody; a chain without a name is GOST's way of pinning.
    rejectUnauthorized: secure || ca !== undefined,
    ...(secure ? {} : { checkServerIdentity: () => undefined }),
    ...(isName ? { servername: serverName } : { host: serverName }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    ...(ca === undefined ? {} : { ca }),
  };
}

interface HandshakeOptions {
  readonly connection: ConnectionOptions;
  readonly streams: NodeStreams;
  readonly remedy: string;
}

interface Secured {
  readonly stream: ByteStream;
  readonly alpn: Pick<Carrier, "alpn">;
}

function handshake(
  carrier: ByteStream,
  { connection, streams, remedy }: HandshakeOptions,
  signal: AbortSignal,
): Promise<Secured> {
  const { socket: below, under } = belowTls(carrier);
  const socket: TLSSocket = nodeTls.connect({
    ...connection,
    socket: below,
  });
  return new Promise((resolve, reject) => {
    const fail = (reason: unknown): void => {
      socket.removeListener("error", onError);
      signal.removeEventListener("abort", onAbort);
      socket.on("error", () => {});
      socket.destroy();
      carrier.abort(reason);
      reject(reason);
    };
    const onError = (error: Error): void => fail(explain(error, remedy));
    const onAbort = (): void => fail(signal.reason);
    socket.once("error", onError);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    socket.once("secureConnect", () => {
      socket.removeListener("error", onError);
      signal.removeEventListener("abort", onAbort);
      const { alpnProtocol } = socket;
      resolve({
        stream: streams(socket, under),
        alpn: alpnProtocol ? { alpn: alpnProtocol } : {},
      });
    });
  });
}

/** A bare socket is taken over as it is; anything else is dressed up as one. */
function belowTls(carrier: ByteStream): { socket: Socket; under: Under } {
  if (carrier.bare !== undefined) {
    const socket = carrier.bare.take();
    return { socket, under: underTls(socket) };
  }
  const { duplex: below, under } = duplex(carrier);
  return { socket: below as unknown as Socket, under };
}

/** What a failed handshake means, and what would do. */
function explain(
  error: Error & { code?: string },
  remedy: string,
): DialError {
  const code = error.code ?? "";
  const options = { cause: error };
  if (/CERT|VERIFY|SELF_SIGNED|ISSUER|ALTNAME/.test(code)) {
    const message = `The certificate is not accepted (${code}): ${remedy}`;
    return new DialError("auth", message, options);
  }
  return new DialError("broken", `The TLS handshake failed: ${error.message}`, {
    cause: error,
  });
}
