import type { Clock, Millis } from "../base/clock.ts";
import type { Flow } from "../flow/flow.ts";
import type { Middleware } from "../flow/handler.ts";
import { sniffDatagrams } from "./sniff_datagrams.ts";
import { streamSniffer } from "./sniff_stream.ts";

export interface SniffOptions {
  readonly tcp: boolean;
  readonly udp: boolean;
  /** How long the first octets are waited for. */
  readonly timeout: Millis;
  readonly clock: Clock;
  /** Whether the way of a flow, or what is asked for on it, may depend on its name: only then its octets are waited for. */
  readonly needsName: (flow: Flow) => boolean;
  /** Gets ready what the flow will need, while its octets are waited for. */
  readonly prepare: (flow: Flow) => void;
}

/** Learns from the first octets what the destination is called; they pass untouched. GOST's `sniffing`. */
export function sniff(options: SniffOptions): Middleware {
  const sniffStream = streamSniffer(options);
  return async function sniff(flow, next) {
    if (flow.protocol === "tcp") {
      return options.tcp ? await sniffStream(flow, next) : await next(flow);
    }
    return options.udp
      ? await sniffDatagrams(flow, next, options)
      : await next(flow);
  };
}
