import type { Clock, Millis } from "../../base/clock.ts";
import { describe, TruncatedError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { withDeadline } from "../../flow/deadline.ts";
import type {
  Endpoint,
  Flow,
  Rejection,
  TcpFlow,
  UdpFlow,
} from "../../flow/flow.ts";
import type { ByteStream, DatagramChannel } from "../../flow/stream.ts";
import type { Credentials } from "../../proto/credentials.ts";
import type { Incoming } from "../contracts.ts";
import { hangUp } from "../hang_up.ts";

/** What handlers of all protocols have in common: they read a client's request, and make a flow of it. */
export interface HandlerOptions {
  /** Anybody when empty. */
  readonly users: readonly Credentials[];
  /** For the whole request. */
  readonly readTimeout: Millis;
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

/** Takes the stream over. */
export type Handle = (incoming: Incoming) => void;

/** A client whose `receive` fails is given up. `name` is for the log. */
export function handler(
  name: string,
  { log }: Pick<HandlerOptions, "log">,
  receive: (incoming: Incoming) => Promise<void>,
): Handle {
  return (incoming) => {
    receive(incoming).catch((error) => {
      const reason = describe(error);
      log.debug(`${name}.request`, { from: incoming.from.host, reason });
      incoming.stream.abort(error);
    });
  };
}

/** Gives up a client whose request takes too long. */
export async function withinReadTimeout<T>(
  { stream }: Incoming,
  { clock, readTimeout }: Pick<HandlerOptions, "clock" | "readTimeout">,
  read: () => Promise<T>,
): Promise<T> {
  const { signal } = new AbortController();
  return await withDeadline(
    { clock, timeout: readTimeout, signal, what: "The request" },
    (signal) => {
      signal.addEventListener("abort", () => stream.abort(signal.reason));
      return read();
    },
  );
}

/** GOST accepts any password for a user that has an empty one. */
export function mayUse(
  users: readonly Credentials[],
  given: Credentials | undefined,
): boolean {
  return users.length === 0 ||
    users.some(({ username, password }) =>
      given !== undefined && given.username === username &&
      (password === "" || given.password === password)
    );
}

/** Answers with `octets` and ends the stream; `why` is for the log. */
export async function refuse(
  { stream, from }: Pick<Incoming, "stream" | "from">,
  { log, clock }: Pick<HandlerOptions, "log" | "clock">,
  { name, why, octets }: {
    readonly name: string;
    readonly why: string;
    readonly octets: Uint8Array;
  },
): Promise<void> {
  log.warn(`${name}.refuse`, { from: from.host, status: why });
  await stream.write(octets);
  await hangUp(stream, clock);
}

/** A client that has asked for a target. */
export interface Client {
  readonly stream: ByteStream;
  readonly src: Endpoint;
  readonly dst: Endpoint;
}

/** What a protocol says to it. */
export interface Answers {
  /** May be empty. */
  readonly accepted: Uint8Array;
  readonly rejected: (reason: Rejection) => Uint8Array;
}

/** Its answer goes out when the flow is accepted, as GOST's does with `nodelay`. */
export function tcpFlow(
  client: Client,
  answers: Answers,
  options: HandlerOptions,
): TcpFlow {
  const answer = new Answer(client.stream, answers, options.clock);
  return {
    ...flowBase(client, answer, options),
    protocol: "tcp",
    accept: async () => {
      await answer.accept();
      return client.stream;
    },
  };
}

/** Like `tcpFlow`, `datagrams` being what follows the answer on the client's stream. */
export function udpFlow(
  client: Client,
  answers: Answers,
  options: HandlerOptions & { readonly datagrams: () => DatagramChannel },
): UdpFlow {
  const answer = new Answer(client.stream, answers, options.clock);
  return {
    ...flowBase(client, answer, options),
    protocol: "udp",
    first: new Uint8Array(0),
    accept: async () => {
      await answer.accept();
      return options.datagrams();
    },
  };
}

function flowBase(
  { src, dst }: Client,
  answer: Answer,
  { openFlow }: HandlerOptions,
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
  readonly #answers: Answers;
  readonly #clock: Clock;
  #given: "ok" | "refusal" | undefined;

  constructor(stream: ByteStream, answers: Answers, clock: Clock) {
    this.#stream = stream;
    this.#answers = answers;
    this.#clock = clock;
  }

  async accept(): Promise<void> {
    this.#given = "ok";
    await this.#stream.write(this.#answers.accepted);
  }

  reject(reason: Rejection): void {
    if (this.#given === "ok") {
      this.#stream.abort(new TruncatedError("The flow was given up"));
    } else if (this.#given === undefined) {
      this.#given = "refusal";
      this.#stream.write(this.#answers.rejected(reason)).catch(() => {});
      void hangUp(this.#stream, this.#clock);
    }
  }
}
