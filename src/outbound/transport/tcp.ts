import type { Endpoint, Target } from "../../flow/flow.ts";
import { formatEndpoint } from "../../flow/flow.ts";
import { wrapStream } from "../../flow/wrap.ts";
import type { Transport } from "../contracts.ts";

export interface TcpOptions {
  /** The node. */
  readonly address: Endpoint;
}

/** A plain connection to the node. */
export function tcp({ address }: TcpOptions): Transport {
  return async function tcp(base, signal) {
    const stream = await base.dialStream(nodeTarget(address, signal));
    return wrapStream(stream, {
      roundTrip: stream.roundTrip,
      isTungo: false,
    });
  };
}

/** What a dialer may know of a dial that is nobody's flow but ours. */
function nodeTarget(dst: Endpoint, signal: AbortSignal): Target {
  return { src: { host: "", port: 0 }, dst, signal, trace: [] };
}

/** "node-0 (192.0.2.1:443)", for errors. */
export function nameNode(name: string, address: Endpoint): string {
  return `${name} (${formatEndpoint(address)})`;
}
