import type { Clock, Millis } from "../base/clock.ts";
import { DialError, ProtocolError, TruncatedError } from "../base/errors.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer, Upstream } from "../flow/dialer.ts";
import {
  type Endpoint,
  formatEndpoint,
  type Step,
  type Target,
} from "../flow/flow.ts";
import { wrapStream } from "../flow/wrap.ts";
import { parseAddress } from "../wire/address.ts";
import { Associations } from "./associations.ts";
import type { Carrier, Connector, Transport } from "./contracts.ts";
import { endpointFor } from "./endpoint_for.ts";
import type { Health } from "./health.ts";
import type { Leg } from "./leg.ts";
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
export function via(base: Dialer, hop: Hop): Leg {
  const open: Open = (signal) => reach(base, hop, signal);
  const { associate } = hop.connector;
  const associations = associate === undefined
    ? undefined
    : new Associations((target) =>
      dial(open, hop, target, (carrier) => associate(carrier, target))
    );
  /** Until when the node is not asked for an association again. */
  let refusedUntil: Millis = -Infinity;
  const alone = over(open, hop);
  return {
    dialStream: (target) => alone.dialStream(target),
    dialDatagram: unlessStreamsOnly(hop, async (target) => {
      const endpoint = endpointFor(target);
      if (
        associations === undefined || hop.clock.now() < refusedUntil ||
        !mayShare(target, endpoint)
      ) return await alone.dialDatagram(target);
      try {
        const channel = await associations.dial(target, endpoint);
        hop.health.succeed();
        target.trace.push(step(hop, endpoint));
        return channel;
      } catch (error) {
        const isRefusal = error instanceof DialError &&
          error.kind === "unsupported";
        if (!isRefusal) throw error;
        const { message: because } = error;
        target.trace.push({ by: hop.name, what: "UDP by itself", because });
        refusedUntil = hop.clock.now() + REFUSAL;
        return await alone.dialDatagram(target);
      }
    }),
    prepare: () => hop.transport.prepare?.(base),
    async reach(signal) {
      const carrier = await open(signal);
      return {
        ...over(() => Promise.resolve(carrier), hop),
        drop: () => carrier.abort(new Error("The carrier was not needed")),
      };
    },
  };
}

/** Rejects with a DialError. */
type Open = (signal: AbortSignal) => Promise<Carrier>;

/** Each target over a carrier of its own. */
function over(open: Open, hop: Hop): Dialer {
  const { connector } = hop;
  return {
    async dialStream(target) {
      const upstream = await dial(
        open,
        hop,
        target,
        (carrier) => connector.connectStream(carrier, target),
      );
      return judged(hop, upstream);
    },
    async dialDatagram(target) {
      const channel = await dial(
        open,
        hop,
        target,
        (carrier) => connector.connectDatagram(carrier, target),
      );
      hop.health.succeed();
      return channel;
    },
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
  open: Open,
  hop: Hop,
  target: Target,
  connect: (carrier: Carrier) => Promise<T>,
): Promise<T> {
  const { name, way, timeout, clock } = hop;
  const { signal } = target;
  const start = clock.now();
  const carrier = await open(signal);
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
    target.trace.push(step(hop, endpoint));
    return result;
  } catch (error) {
    carrier.abort(error);
    if (signal.aborted) throw error;
    judge(hop, error);
    throw isTargets(error) ? error : blame(hop, error);
  }
}

/** `upstream`, whose answer may come only later: it says how the node fares as well, unless we have let go of it before. */
function judged(hop: Hop, upstream: Upstream): Upstream {
  let isOver = false;
  const answered = upstream.answered.then(
    () => hop.health.succeed(),
    (error) => {
      if (isOver) throw error;
      judge(hop, error);
      throw isTargets(error) ? error : blame(hop, error);
    },
  );
  answered.catch(() => {});
  const { patience, roundTrip } = upstream;
  return wrapStream(upstream, {
    answered,
    patience,
    roundTrip,
    abort(reason) {
      isOver = true;
      upstream.abort(reason);
    },
    [Symbol.asyncDispose]() {
      isOver = true;
      return upstream[Symbol.asyncDispose]();
    },
  });
}

/** What a node says of a target; that it does not accept us it says of itself. */
function isTargets(error: unknown): boolean {
  return error instanceof DialError && error.kind !== "auth";
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
    // A node before this one that is to blame has been told already; a rule on the way is nobody's failure.
    const isDecision = error instanceof DialError && error.isDecision;
    if (blamed !== error && !isDecision) hop.health.fail(error);
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
    const { isDecision } = error;
    return new DialError(error.kind, message, { ...options, isDecision });
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
