import type { Clock, Millis } from "../../base/clock.ts";
import { DialError, ProtocolError, TruncatedError } from "../../base/errors.ts";
import { withDeadline } from "../../flow/deadline.ts";
import type { Upstream } from "../../flow/dialer.ts";
import { formatEndpoint, type Target } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage, readMessageOrEnd } from "../../flow/read_message.ts";
import type { DatagramChannel } from "../../flow/stream.ts";
import { wrapStream } from "../../flow/wrap.ts";
import { datagramStream } from "../../framing/datagram_stream.ts";
import { relayDatagrams } from "../../framing/relay_datagrams.ts";
import type { Credentials } from "../../proto/credentials.ts";
import {
  encodeRelayRequest,
  type RelayAsk,
} from "../../proto/relay_request.ts";
import {
  type RelayResponse,
  relayResponseReader,
} from "../../proto/relay_response.ts";
import type { Association } from "../association.ts";
import type { Carrier, Connector } from "../contracts.ts";
import { endpointFor } from "../endpoint_for.ts";
import { ADDRESSED_DATAGRAM_MAX } from "../../framing/addressed_datagrams.ts";
import { tunnel } from "./socks5_udp.ts";
import { RelayStream } from "./relay_stream.ts";

/** How long a refusal may take beyond a round trip to the node. */
const GRACE: Millis = 3;
/** A near node's own pauses are longer than the way to it. */
const LEAST_PATIENCE: Millis = 25;
/** No application waits longer for a node that may have nothing to say. */
const MAX_PATIENCE: Millis = 300;
/** GOST answers every failed dial with "network unreachable": after so long it was no refusal. */
const SLOW: Millis = 10_000;

export interface RelayOptions {
  readonly credentials?: Credentials;
  /** How long the node may take to answer. */
  readonly timeout?: Millis;
  readonly clock: Clock;
  /** Ask for one port for all datagrams of a source. */
  readonly bind?: boolean;
}

/** GOST's relay protocol, version 1. One for each node: it learns whether the node answers before it has octets. */
export function relay(options: RelayOptions): Connector {
  const { clock, credentials, timeout } = options;
  /** A GOST server without `nodelay` answers with the target's first octets only. */
  let answersFirst = false;
  const framing = relayDatagrams();
  const scratch = new Uint8Array(
    options.bind === true ? ADDRESSED_DATAGRAM_MAX : 0,
  );

  async function connect(
    carrier: Carrier,
    target: Target,
    network: "tcp" | "udp",
  ): Promise<Upstream> {
    const { roundTrip, isTungo } = carrier;
    await carrier.write(encode({
      network,
      target: endpointFor(target),
      ...(credentials === undefined ? {} : { credentials }),
    }));
    const asked = clock.now();
    const { signal } = target;
    const bound = { clock, timeout, signal, what: "The node's answer" };
    const knows = isTungo || answersFirst;
    const stream = new RelayStream(carrier, clock, async () => {
      const answer = await withDeadline(
        bound,
        () => readMessageOrEnd(carrier, relayResponseReader()),
      );
      if (answer === undefined) {
        // A target that ends without a word takes its "ok" along where GOST has no `nodelay`.
        if (!knows) return undefined;
        throw new TruncatedError("The stream ended too early");
      }
      const { value, rest } = answer;
      const what = formatEndpoint(endpointFor(target));
      const refusal = explain(value, what, clock.now() - asked);
      if (refusal !== undefined) throw refusal;
      return rest;
    });
    const answered = stream.answer.then((rest) => {
      if (rest?.length === 0 && !stream.hasSent()) answersFirst = true;
    }, (error) => {
      throw asDialError(error, target);
    });
    answered.catch(() => {});
    /** It was waited for in vain, perhaps because the node has been configured anew. */
    const unlearn = (): void => {
      if (!stream.isAnswered()) answersFirst = false;
    };
    return wrapStream(stream, {
      answered,
      patience: knows ? Infinity : patienceFor(roundTrip),
      roundTrip,
      abort(reason: unknown): void {
        unlearn();
        stream.abort(reason);
      },
      [Symbol.asyncDispose](): Promise<void> {
        unlearn();
        return stream[Symbol.asyncDispose]();
      },
    });
  }

  return {
    connectStream: (carrier, target) => connect(carrier, target, "tcp"),
    async connectDatagram(carrier, target) {
      const stream = await connect(carrier, target, "udp");
      return untilRefused(datagramStream(stream, framing), target);
    },
    ...(options.bind === true
      ? {
        associate: (carrier, target) => bind(carrier, target, options, scratch),
      }
      : {}),
  };
}

/** Any free port of the node's, for both families. */
const ANY = { host: "0.0.0.0", port: 0 };

/** BIND of UDP: the node answers at once, also GOST without `nodelay`. */
async function bind(
  carrier: Carrier,
  { signal }: Target,
  { credentials, timeout, clock }: RelayOptions,
  scratch: Uint8Array,
): Promise<Association> {
  await carrier.write(encode({
    command: "bind",
    network: "udp",
    target: ANY,
    ...(credentials === undefined ? {} : { credentials }),
  }));
  const { value, rest } = await withDeadline(
    { clock, timeout, signal, what: "The node's answer to BIND" },
    () => readMessage(carrier, relayResponseReader()),
  );
  const { status, code } = value;
  if (status === "forbidden" || status === "bad-request") {
    const message =
      `The node answered "${status}" (${code}) to BIND: it carries each UDP flow on its own, bind=true there would do`;
    throw new DialError("unsupported", message);
  }
  const refusal = explain(value, "BIND", 0);
  if (refusal !== undefined) throw refusal;
  return tunnel(prefixed(rest, carrier), scratch);
}

/** A refusal takes a round trip to the node, and one from there to the target, which is mostly near it. */
function patienceFor(roundTrip: Millis): Millis {
  return Math.min(MAX_PATIENCE, Math.max(LEAST_PATIENCE, roundTrip + GRACE));
}

function encode(ask: RelayAsk): Uint8Array {
  const request = encodeRelayRequest(ask);
  if (!(request instanceof ProtocolError)) return request;
  throw new DialError("unsupported", request.message, { cause: request });
}

/** What a status that is not "ok" means for the application. */
function explain(
  { status, code }: RelayResponse,
  asked: string,
  elapsed: Millis,
): DialError | undefined {
  const message = `The node answered "${status}" (${code}) for ${asked}`;
  switch (status) {
    case "ok":
      return undefined;
    case "unauthorized":
      return new DialError("auth", `${message}: check user and password`);
    case "forbidden":
      return new DialError("forbidden", message);
    case "timeout":
      return new DialError("timeout", message);
    case "service-unavailable":
      return new DialError("refused", message);
    case "host-unreachable":
      return new DialError("unreachable", message);
    case "network-unreachable":
      return new DialError(
        elapsed < SLOW ? "refused" : "unreachable",
        message,
      );
    case "bad-request":
    case "internal-server-error":
    case "unknown":
      return new DialError("broken", message);
    default:
      throw new Error(`Unreachable status: ${status satisfies never}`);
  }
}

function asDialError(error: unknown, target: Target): unknown {
  const truncated = error instanceof TruncatedError;
  // Whatever else it may be is the reason for which somebody has given up.
  if (!truncated && !(error instanceof ProtocolError)) return error;
  const asked = formatEndpoint(endpointFor(target));
  const what = truncated
    ? `The node hung up without an answer for ${asked}`
    : `The node's answer for ${asked} cannot be read`;
  return new DialError("broken", what, { cause: error });
}

/** A node ends the stream when the target's port is closed: before any answer then, where there was a question. */
function untilRefused(
  channel: DatagramChannel,
  target: Target,
): DatagramChannel {
  let asked = false;
  let heard = false;
  const closed = channel.closed.then(() => {}, (error) => {
    if (!(error instanceof TruncatedError)) throw asDialError(error, target);
  }).then(() => {
    if (!asked || heard) return;
    const what = formatEndpoint(endpointFor(target));
    throw new DialError("refused", `The node gave up ${what}/udp`);
  });
  closed.catch(() => {});
  return {
    closed,
    send(payload, to) {
      asked = true;
      channel.send(payload, to);
    },
    deliver: (onDatagram) =>
      channel.deliver((payload, from) => {
        heard = true;
        onDatagram(payload, from);
      }),
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}
