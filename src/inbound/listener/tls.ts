import { createSecureContext, TLSSocket } from "node:tls";
import type { Clock, Millis } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type NodeStreams, underTls } from "../../flow/node_stream.ts";
import type { Listen } from "../contracts.ts";
import { endsOf, listen } from "./tcp.ts";

/** A client has so long for its handshake, within which a GOST server waits for the request, too. */
const HANDSHAKE: Millis = 15_000;

export interface ServerTlsOptions {
  /** PEM */
  readonly cert: string;
  readonly key: string;
  readonly alpn?: readonly string[];
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  readonly clock: Clock;
  readonly log: Log;
  readonly streams: NodeStreams;
}

export function tls(options: ServerTlsOptions): Listen {
  const { cert, key, alpn, minVersion, maxVersion } = options;
  const { clock, log, streams } = options;
  const secureContext = createSecureContext({
    cert,
    key,
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  });
  return ({ onIncoming, ...where }) =>
    listen(where, (raw) => {
      const { from, to } = endsOf(raw);
      const under = underTls(raw);
      const socket = new TLSSocket(raw, {
        isServer: true,
        secureContext,
        ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
      });
      const fail = (reason: string): void => {
        log.debug("listener.handshake", { from: from.host, reason });
        raw.destroy();
      };
      const timer = clock.callAt(
        clock.now() + HANDSHAKE,
        () => fail("it takes too long"),
      );
      const onError = (error: Error): void => {
        timer[Symbol.dispose]();
        fail(error.message);
      };
      socket.once("error", onError);
      socket.once("secure", () => {
        timer[Symbol.dispose]();
        socket.removeListener("error", onError);
        onIncoming({ stream: streams(socket, under), from, to });
      });
    });
}
