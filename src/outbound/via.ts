import type { Clock, Millis } from "../base/clock.ts";
import { DialError, ProtocolError, TruncatedError } from "../base/errors.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import {
  type Endpoint,
  formatEndpoint,
  type Step,
  type Target,
} from "../flow/flow.ts";
import type { DatagramChannel } from "../flow/stream.ts";
import { parseAddress } from "../wire/address.ts";
import { Associations } from "./associations.ts";
import type { Carrier, Connector, Transport } from "./contracts.ts";
import { endpointFor } from "./endpoint_for.ts";
import type { Health } from "./health.ts";
import { unlessStreamsOnly } from "./streams_only.ts";

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
  /** Told how the node fares. */
  readonly health: Pick<Health, "fail" | "succeed">;
}

/** How long a node that has no associations is taken for one that will have none. */
const REFUSAL: Millis = 5 * 60_000;

/** One hop further than `base`. */
export function via(base: Dialer, hop: Hop): Dialer {
  const { associate } = hop.connector;
  const associations = associate === undefined
    ? undefined
    : new Associations((target) =>
      dial(base, hop, target, (carrier) => associate(carrier, target))
    );
  /** Until when the node is not asked for an association again. */
  let refusedUntil: Millis = -Infinity;
  const dialAlone = (target: Target): Promise<DatagramChannel> =>
    dial(
      base,
      hop,
      target,
      (carrier) => hop.connector.connectDatagram(carrier, target),
    );
  return {
    dialStream: (target) =>
      dial(
        base,
        hop,
        target,
        (carrier) => hop.connector.connectStream(carrier, target),
      ),
    dialDatagram: unlessStreamsOnly(hop, async (target) => {
      const endpoint = endpointFor(target);
      if (
        associations === undefined || hop.clock.now() < refusedUntil ||
        !mayShare(target, endpoint)
      ) return await dialAlone(target);
      try {
        const channel = await associations.dial(target, endpoint);
        target.trace.push(step(hop, endpoint));
        return channel;
      } catch (error) {
        const isRefusal = error instanceof DialError &&
          error.kind === "unsupported";
        if (!isRefusal) throw error;
        const { message: because } = error;
        target.trace.push({ by: hop.name, what: "UDP by itself", because });
        refusedUntil = hop.clock.now() + REFUSAL;
        return await dialAlone(target);
      }
    }),
    prepare: () => hop.transport.prepare?.(base),
  };
}

/** Who answers for a name is not known, and our own datagrams have no source. */
function mayShare({ src }: Target, endpoint: Endpoint): boolean {
  return src.port !== 0 && parseAddress(endpoint.host) !== undefined;
}

function step({ name, way }: Hop, endpoint: Endpoint): Step {
  return { by: name, what: `${way} > ${formatEndpoint(endpoint)}` };
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
  const endpoint = endpointFor(target);
  const what = `Asking ${name} (${way}) for ${formatEndpoint(endpoint)}`;
  try {
    const result = await withDeadline(
      { clock, timeout: left, signal, what },
      (signal) => {
        signal.addEventListener("abort", () => carrier.abort(signal.reason));
        return connect(carrier);
      },
    );
    hop.health.succeed();
    target.trace.push(step(hop, endpoint));
    return result;
  } catch (error) {
    carrier.abort(error);
    if (signal.aborted) throw error;
    judge(hop, error);
    throw error instanceof DialError ? error : blame(hop, error);
  }
}

/** A failure to get this far is the node's, not the target's. */
async function reach(
  base: Dialer,
  hop: Hop,
  signal: AbortSignal,
): Promise<Carrier> {
  const { transport, timeout, clock } = hop;
  const bound = { clock, timeout, signal, what: "The connection" };
  try {
    return await withDeadline(bound, async (signal) => {
      const carrier = await transport(base, signal);
      if (signal.aborted) carrier.abort(signal.reason);
      return carrier;
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const blamed = blame(hop, error);
    // A node before this one that is to blame has been told already.
    if (blamed !== error) hop.health.fail(error);
    throw blamed;
  }
}

/** What a failure says of a node that has been reached. A target that cannot be reached is no fault of it; who is to blame for silence is unknown. */
function judge({ health }: Hop, error: unknown): void {
  const kind = error instanceof DialError ? error.kind : "broken";
  if (kind === "auth" || kind === "broken") health.fail(error);
  else if (kind !== "timeout") health.succeed();
}

/** What a node has failed in, as its own; anything else is a mistake of ours. */
function blame({ name, way }: Hop, error: unknown): unknown {
  const options = { cause: error, node: name };
  if (error instanceof DialError && error.node === undefined) {
    const message = `${name} (${way}): ${error.message}`;
    return new DialError(error.kind, message, options);
  }
  if (error instanceof TruncatedError || error instanceof ProtocolError) {
    return new DialError(
      "broken",
      `${name} (${way}): ${error.message}`,
      options,
    );
  }
  return error;
}
