import { wrapStream } from "../flow/wrap.ts";
import type { Connector, Transport } from "./contracts.ts";

/** `transport`, whose carriers the connector has greeted the node on: to be kept ready, a round trip further than bare ones. */
export function greeted(
  transport: Transport,
  greet: Connector["greet"],
): Transport {
  if (greet === undefined) return transport;
  return async function greeted(base, signal) {
    const carrier = await transport(base, signal);
    try {
      await greet(carrier, signal);
    } catch (error) {
      carrier.abort(error);
      throw error;
    }
    const { roundTrip, isTungo } = carrier;
    const { bare: _, ...read } = wrapStream(carrier, {
      ...{ roundTrip, isTungo },
      ...{ greeted: true as const },
    });
    return read;
  };
}
