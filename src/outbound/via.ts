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
  const { signal } = target;
  const start = clock.now();
  const carrier = await reach(base, hop, signal);
  const left = Math.ceil(timeout - (clock.now() - start));
  const asked = formatEndpoint(endpointFor(target));
  const what = `Asking ${name} (${way}) for ${asked}`;
  try {
    const result = await withDeadline(
      { clock, timeout: left, signal, what },
      (signal) => {
        signal.addEventListener("abort", () => carrier.abort(signal.reason));
        return connect(carrier);
      },
    );
    target.trace.push({ by: name, what: `${way} > ${asked}` });
    return result;
  } catch (error) {
    carrier.abort(error);
    throw error;
  }
}

/** A failure to get this far is the node's, not the target's. */
async function reach(
  base: Dialer,
  { name, way, transport, timeout, clock }: Hop,
  signal: AbortSignal,
): Promise<Carrier> {
  const bound = { clock, timeout, signal, what: "The connection" };
  try {
    return await withDeadline(bound, async (signal) => {
      const carrier = await transport(base, signal);
      if (signal.aborted) carrier.abort(signal.reason);
      return carrier;
    });
  } catch (error) {
    if (!(error instanceof DialError) || error.node !== undefined) throw error;
    const message = `${name} (${way}): ${error.message}`;
    throw new DialError(error.kind, message, { cause: error, node: name });
  }
}
