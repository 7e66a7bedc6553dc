import type { Millis } from "../../base/clock.ts";
import { type Endpoint, ownTarget } from "../../flow/flow.ts";
import { wrapStream } from "../../flow/wrap.ts";
import type { Transport } from "../contracts.ts";

export interface TcpOptions {
  /** The node. */
  readonly address: Endpoint;
  /** Idle time before the first probe. */
  readonly keepalive?: Millis;
}

/** As Go, and so GOST, has it. */
const KEEPALIVE: Millis = 15_000;

/** A plain connection to the node. */
export function tcp({ address, keepalive = KEEPALIVE }: TcpOptions): Transport {
  return async function tcp(base, signal) {
    const stream = await base.dialStream(ownTarget(address, signal));
    stream.bare?.setKeepAlive(keepalive);
    const { roundTrip } = stream;
    return wrapStream(stream, { roundTrip, isTungo: false });
  };
}
