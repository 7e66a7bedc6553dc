import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import { formatEndpoint, type Target } from "../flow/flow.ts";
import type { Carrier, Connector, Transport } from "./contracts.ts";
import { endpointFor } from "./endpoint_for.ts";

/** A node, as a way to everything that it can reach. */
export interface Hop {
  /** The node's name. */
  readonly name: string;
  /** "relay+wss 192.0.2.1:443", for the trace. */
  readonly way: string;
  readonly transport: Transport;
  readonly connector: Connector;
  /** For reaching the node and for its handshakes. */
  readonly timeout: Millis;
  readonly clock: Clock;
}

/** One hop further than `base`. */
export function via(base: Dialer, hop: Hop): Dialer {
  return {
    dialStream: (target) =>
      dial(
        base,
        hop,
        target,
        (carrier) => hop.connector.connectStream(carrier, target),
      ),
    dialDatagram: (target) =>
      dial(
        base,
        hop,
        target,
        (carrier) => hop.connector.connectDatagram(carrier, target),
      ),
  };
}

async function dial<T>(
  base: Dialer,
  hop: Hop,
  target: Target,
  connect: (carrier: Carrier) => Promise<T>,
): Promise<T> {
  const { name, way, timeout, clock } = hop;
  const what = `Reaching ${name} (${way})`;
  const { signal } = target;
  const result = await withDeadline(
    { clock, timeout, signal, what },
    async (signal) => {
      const carrier = await reach(base, hop, signal);
      const onAbort = (): void => carrier.abort(signal.reason);
      signal.addEventListener("abort", onAbort);
      try {
        return await connect(carrier);
      } catch (error) {
        carrier.abort(error);
        throw error;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  );
  const asked = formatEndpoint(endpointFor(target));
  target.trace.push({ by: name, what: `${way} > ${asked}` });
  return result;
}

/** A failure to get this far is the node's, not the target's. */
async function reach(
  base: Dialer,
  { name, way, transport }: Hop,
  signal: AbortSignal,
): Promise<Carrier> {
  try {
    return await transport(base, signal);
  } catch (error) {
    if (!(error instanceof DialError) || error.node !== undefined) throw error;
    const message = `${name} (${way}): ${error.message}`;
    throw new DialError(error.kind, message, { cause: error, node: name });
  }
}
