import type { Clock, Millis } from "../base/clock.ts";
import { NO_EGRESS } from "../config/decode/egress.ts";
import { NO_NAMES } from "../config/decode/names.ts";
import type { NodeStreams } from "../flow/node_stream.ts";
import type { Context } from "./context.ts";
import { Names } from "./names.ts";
import { buildDirect } from "./node.ts";
import { buildOutbound } from "./outbound.ts";
import { randomId } from "./resolvers.ts";

/** For a dial on behalf of a question, which has a bound of its own. */
const DIAL_TIMEOUT: Millis = 15_000;

export interface BuildNamesOptions {
  readonly clock: Clock;
  readonly streams: NodeStreams;
  readonly random: (into: Uint8Array) => void;
  /** That of which the result becomes a part: chains of nameservers may ask for names themselves. */
  readonly context: () => Context;
}

/** What hosts and resolvers need of the rest of the program. */
export function buildNames(
  { clock, streams, random, context }: BuildNamesOptions,
): Names {
  return new Names({
    clock,
    streams,
    random: randomId(random),
    direct: (egress) =>
      buildDirect("nameserver", egress, DIAL_TIMEOUT, context()),
    async through(chain) {
      const { dialer } = await buildOutbound({
        chain,
        group: undefined,
        bypasses: [],
        names: NO_NAMES,
        egress: NO_EGRESS,
        dialTimeout: DIAL_TIMEOUT,
        retries: 0,
        strict: false,
      }, context());
      return dialer;
    },
  });
}
