import type { Clock, Millis } from "../../base/clock.ts";
import { describe, TruncatedError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { withDeadline } from "../../flow/deadline.ts";
import type { Endpoint, Flow, Rejection } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import type { ByteStream } from "../../flow/stream.ts";
import {
  type DatagramFraming,
  datagramStream,
} from "../../framing/datagram_stream.ts";
import {
  ADDRESSED_DATAGRAM_MAX,
  addressedDatagrams,
} from "../../framing/addressed_datagrams.ts";
import { relayDatagrams } from "../../framing/relay_datagrams.ts";
import type { Credentials } from "../../proto/credentials.ts";
import {
  type RelayRequest,
  relayRequestReader,
} from "../../proto/relay_request.ts";
import {
  encodeBindResponse,
  encodeRelayResponse,
  type RelayStatus,
} from "../../proto/relay_response.ts";
import { serveBoundPort } from "../bound_port.ts";
import type { Incoming } from "../contracts.ts";
import { hangUp } from "../hang_up.ts";

export interface RelayHandlerOptions {
  /** Anybody when empty. */
  readonly users: readonly Credentials[];
  /** For the whole request. */
  readonly readTimeout: Millis;
  /** Serve BIND of UDP: one port for all datagrams of a client. */
  readonly bind: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Numbers flows, and gives them the signal that ends them. */
  readonly openFlow: () => {
    readonly id: number;
    readonly signal: AbortSignal;
  };
  /** Takes a flow over, and turns it down where it cannot be carried. */
  readonly onFlow: (flow: Flow) => void;
}

interface Framings {
  readonly connect: DatagramFraming;
  readonly bind: DatagramFraming;
}

/** What the client learns. Unlike GOST's, which answers every failure of a dial alike. */
const STATUS: { readonly [R in Rejection]: RelayStatus } = {
  refused: "service-unavailable",
  unreachable: "host-unreachable",
  prohibited: "forbidden",
  silent: "timeout",
};

/** Makes flows of relay requests. It answers as soon as the flow is accepted, as GOST does with `nodelay`. */
export function relay(
  options: RelayHandlerOptions,
): (incoming: Incoming) => void {
  const framings: Framings = {
    connect: relayDatagrams(),
    bind: addressedDatagrams(new Uint8Array(ADDRESSED_DATAGRAM_MAX)),
  };
  return function relay(incoming) {
    receive(incoming, options, framings).catch((error) => {
      const { log } = options;
      const reason = describe(error);
      log.debug("relay.request", { from: incoming.from.host, reason });
      incoming.stream.abort(error);
    });
  };
}

async function receive(
  { stream, from }: Incoming,
  options: RelayHandlerOptions,
  framings: Framings,
): Promise<void> {
  const { clock, readTimeout, log } = options;
  const { signal } = new AbortController();
  const { value: request, rest } = await withDeadline(
    { clock, timeout: readTimeout, signal, what: "The request" },
    (signal) => {
      signal.addEventListener("abort", () => stream.abort(signal.reason));
      return readMessage(stream, relayRequestReader());
    },
  );
  const problem = problemWith(request, options);
  if (problem !== undefined) {
    log.warn("relay.refuse", { from: from.host, status: problem });
    await stream.write(encodeRelayResponse(problem));
    await hangUp(prefixed(rest, stream), clock);
    return;
  }
  const { target: dst = { host: "", port: 0 }, network, command } = request;
  const client: Client = { stream: prefixed(rest, stream), src: from, dst };
  if (command === "bind") {
    await stream.write(encodeBindResponse());
    const datagrams = datagramStream(client.stream, framings.bind);
    await serveBoundPort(datagrams, from, options);
    return;
  }
  options.onFlow(
    network === "udp"
      ? udpFlow(client, options, framings.connect)
      : tcpFlow(client, options),
  );
}

function problemWith(
  { command, network, target, credentials }: RelayRequest,
  { users, bind }: RelayHandlerOptions,
): RelayStatus | undefined {
  if (users.length > 0 && !users.some((user) => isUser(user, credentials))) {
    return "unauthorized";
  }
  // As GOST without `bind`. TCP's is not there: nothing that tungo or a GOST client behind it carries asks for it.
  if (command === "bind") {
    return bind && network === "udp" ? undefined : "forbidden";
  }
  const known = command === "connect" &&
    (network === "tcp" || network === "udp");
  return known && target !== undefined ? undefined : "bad-request";
}

/** GOST accepts any password for a user that has an empty one. */
function isUser(user: Credentials, given: Credentials | undefined): boolean {
  return given !== undefined && given.username === user.username &&
    (user.password === "" || given.password === user.password);
}

interface Client {
  readonly stream: ByteStream;
  readonly src: Endpoint;
  readonly dst: Endpoint;
}

function tcpFlow(client: Client, options: RelayHandlerOptions): Flow {
  const answer = new Answer(client.stream, options.clock);
  return {
    ...flowBase(client, options, answer),
    protocol: "tcp",
    accept: async () => {
      await answer.accept();
      return client.stream;
    },
  };
}

function udpFlow(
  client: Client,
  options: RelayHandlerOptions,
  framing: DatagramFraming,
): Flow {
  const answer = new Answer(client.stream, options.clock);
  return {
    ...flowBase(client, options, answer),
    protocol: "udp",
    first: new Uint8Array(0),
    accept: async () => {
      await answer.accept();
      return datagramStream(client.stream, framing);
    },
  };
}

function flowBase(
  { src, dst }: Client,
  { openFlow }: RelayHandlerOptions,
  answer: Answer,
): Omit<Flow, "protocol" | "accept" | "first"> {
  return {
    ...openFlow(),
    src,
    dst,
    trace: [],
    traffic: { sent: 0, received: 0 },
    reject: (reason) => answer.reject(reason),
  };
}

/** The one answer that a request gets. */
class Answer {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  #given: "ok" | "refusal" | undefined;

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  async accept(): Promise<void> {
    this.#given = "ok";
    await this.#stream.write(encodeRelayResponse("ok"));
  }

  reject(reason: Rejection): void {
    if (this.#given === "ok") {
      this.#stream.abort(new TruncatedError("The flow was given up"));
    } else if (this.#given === undefined) {
      this.#given = "refusal";
      const response = encodeRelayResponse(STATUS[reason]);
      this.#stream.write(response).catch(() => {});
      void hangUp(this.#stream, this.#clock);
    }
  }
}
