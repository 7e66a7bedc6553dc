import type { Clock } from "../base/clock.ts";
import type { ByteStream } from "../flow/stream.ts";
import { overConnection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { http1Conversation } from "./http1_conversation.ts";
import { Http2Conversation } from "./http2_conversation.ts";
import type { HttpsServer } from "./https.ts";

/** What ALPN offers. RFC 7301. */
export const HTTPS_ALPN: readonly string[] = ["h2", "http/1.1"];

export interface HttpsExchangeOptions {
  readonly server: HttpsServer;
  /** Opens a TLS connection to it; `alpn` is what it has taken of what was offered. */
  readonly open: (
    signal: AbortSignal,
  ) => Promise<ByteStream & { readonly alpn?: string }>;
  readonly clock: Clock;
}

/** By HTTPS. RFC 8484. */
export function byHttps(
  { server, open, clock }: HttpsExchangeOptions,
): Exchange {
  return overConnection({
    async open(signal) {
      const stream = await open(signal);
      const conversation = stream.alpn === "h2"
        ? new Http2Conversation(server)
        : http1Conversation(server);
      return { stream, conversation };
    },
    clock,
  });
}
