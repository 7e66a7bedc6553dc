import { describe, DialError } from "../base/errors.ts";
import { aborted } from "../flow/deadline.ts";
import { formatEndpoint, type TcpFlow, type UdpFlow } from "../flow/flow.ts";
import type { Middleware } from "../flow/handler.ts";
import { deferred } from "../flow/stream.ts";
import type { Query } from "../names/exchange.ts";
import { DatagramReader } from "../proto/datagram_reader.ts";
import { parseDnsQuestion } from "../proto/dns.ts";
import { fitted, responseLimit, serverFailure } from "../proto/dns_datagram.ts";
import { LENGTH_PREFIX, putLengthPrefixed } from "../proto/length_prefix.ts";

const DNS_PORT = 53;

/** The way of a flow that has ended here. */
export const ANSWERED = "answered";

/** Questions of one flow that wait for their answers; more are dropped by UDP, and not read by TCP. */
const MOST = 64;

export interface AnswerOptions {
  /** What the trace calls it. */
  readonly name: string;
  /** Answers a question. Rejects with a DialError. */
  readonly answer: (query: Query, signal: AbortSignal) => Promise<Uint8Array>;
}

/** Answers all questions to port 53, whichever nameserver they are for. */
export function answer(options: AnswerOptions): Middleware {
  return async function answer(flow, next) {
    if (flow.dst.port !== DNS_PORT) return await next(flow);
    const what = `answered for ${formatEndpoint(flow.dst)}`;
    flow.trace.push({ by: options.name, what });
    if (flow.protocol === "udp") await answerDatagrams(flow, options);
    else await answerStream(flow, options);
    return { via: ANSWERED };
  };
}

async function answerDatagrams(
  flow: UdpFlow,
  options: AnswerOptions,
): Promise<void> {
  await using channel = await flow.accept();
  const failed = deferred<never>();
  let waiting = 0;
  const respond = async (query: Query): Promise<void> => {
    const response = await answerTo(query, flow, options);
    const octets = fitted(response, responseLimit(query.octets));
    flow.traffic.received += octets.length;
    channel.send(octets);
  };
  channel.deliver((payload) => {
    flow.traffic.sent += payload.length;
    const query = queryIn(payload);
    if (query === undefined || waiting >= MOST) return;
    waiting++;
    respond(query).catch(failed.reject).finally(() => waiting--);
  });
  await Promise.race([channel.closed, failed.promise, aborted(flow.signal)]);
}

async function answerStream(
  flow: TcpFlow,
  options: AnswerOptions,
): Promise<void> {
  await using stream = await flow.accept();
  const failed = deferred<never>();
  let waiting: Promise<void>[] = [];
  const respond = async (query: Query): Promise<void> => {
    const response = await answerTo(query, flow, options);
    const framed = new Uint8Array(2 + response.length);
    putLengthPrefixed(framed, 0, response);
    flow.traffic.received += response.length;
    await stream.write(framed);
  };
  const reader = new DatagramReader(LENGTH_PREFIX, (payload) => {
    flow.traffic.sent += payload.length;
    const query = queryIn(payload);
    if (query !== undefined) waiting.push(respond(query).catch(failed.reject));
  });
  const read = async (): Promise<void> => {
    while (await stream.read((octets) => void reader.push(octets))) {
      if (waiting.length < MOST) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    await stream.closeWrite();
  };
  await Promise.race([read(), failed.promise, aborted(flow.signal)]);
}

function queryIn(payload: Uint8Array): Query | undefined {
  const octets = payload.slice();
  const question = parseDnsQuestion(octets);
  return question === undefined || question.response
    ? undefined
    : { octets, question };
}

/** SERVFAIL where nobody knows: whoever asks need not wait to learn that. */
async function answerTo(
  query: Query,
  { signal, trace }: TcpFlow | UdpFlow,
  { name, answer }: AnswerOptions,
): Promise<Uint8Array> {
  try {
    return await answer(query, signal);
  } catch (error) {
    if (!(error instanceof DialError) && !signal.aborted) throw error;
    const what = `failed for ${query.question.name}`;
    // A flow may live long, and one reason tells enough.
    const said = trace.some((step) => step.what.startsWith("failed for "));
    if (!said) trace.push({ by: name, what, because: describe(error) });
    return serverFailure(query.octets);
  }
}
