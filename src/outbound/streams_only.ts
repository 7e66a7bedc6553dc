import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Connector } from "./contracts.ts";

/** A node that carries no datagrams is not asked again for so long: applications learn it at once, and go on by TCP. */
const REFUSAL: Millis = 30_000;

export interface StreamsOnlyOptions {
  /** The node's name. */
  readonly name: string;
  readonly way: string;
  readonly connector: Pick<Connector, "streamsOnly">;
  readonly clock: Clock;
}

/** `dial` as long as the node carries datagrams. */
export function unlessStreamsOnly(
  { name, way, connector, clock }: StreamsOnlyOptions,
  dial: Dialer["dialDatagram"],
): Dialer["dialDatagram"] {
  const refusal = (cause?: Error): DialError => {
    const why = cause?.message ?? "The protocol carries no datagrams";
    const message = `${name} (${way}): ${why}`;
    return new DialError("streams-only", message, { cause, node: name });
  };
  let last = { until: connector.streamsOnly ? Infinity : 0, error: refusal() };
  return async function dialDatagram(target) {
    if (clock.now() < last.until) throw last.error;
    try {
      return await dial(target);
    } catch (error) {
      if (!isStreamsOnly(error)) throw error;
      last = { until: clock.now() + REFUSAL, error: refusal(error) };
      throw last.error;
    }
  };
}

export function isStreamsOnly(error: unknown): error is DialError {
  return error instanceof DialError && error.kind === "streams-only";
}
