import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError } from "../base/errors.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Endpoint, Target } from "../flow/flow.ts";
import { formatEndpoint } from "../flow/flow.ts";
import {
  DNS_TYPES,
  type DnsAnswer,
  encodeDnsQuery,
  parseDnsAnswer,
} from "../proto/dns.ts";
import { DatagramReader } from "../proto/datagram_reader.ts";
import { LENGTH_PREFIX, putLengthPrefixed } from "../proto/length_prefix.ts";

/** A lost datagram is sent again after this long. */
const AGAIN: Millis = 1000;

export interface ExchangeOptions {
  readonly dialer: Dialer;
  readonly server: Endpoint;
  readonly clock: Clock;
  /** For the whole exchange. */
  readonly timeout: Millis;
  /** 16 unpredictable bits. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Asks one nameserver for the addresses of `name`: by UDP, and by TCP when the answer does not fit. RFC 1035 §4.2. */
export async function exchange(
  name: string,
  type: "A" | "AAAA",
  options: ExchangeOptions,
): Promise<DnsAnswer> {
  const id = options.random() & 0xffff;
  const query = encodeDnsQuery({ id, name, type });
  if (query instanceof ProtocolError) throw query;
  /** The answer in `octets`, if it is one to this very question. RFC 5452 §9.1. */
  const answerIn = (octets: Uint8Array): DnsAnswer | undefined => {
    const answer = parseDnsAnswer(octets);
    if (answer instanceof ProtocolError) return undefined;
    const { question } = answer;
    const ours = question.id === id && question.type === DNS_TYPES[type] &&
      question.name === name.toLowerCase().replace(/\.$/, "");
    return ours ? answer : undefined;
  };
  const what = `Asking ${formatEndpoint(options.server)} for ${name}`;
  return await withDeadline({ ...options, what }, async (signal) => {
    const target = targetOf(options.server, signal);
    const answer = await byDatagram(query, target, options, answerIn);
    return answer.truncated
      ? await byStream(query, target, options, answerIn)
      : answer;
  });
}

type AnswerIn = (octets: Uint8Array) => DnsAnswer | undefined;

async function byDatagram(
  query: Uint8Array,
  target: Target,
  { dialer, clock }: ExchangeOptions,
  answerIn: AnswerIn,
): Promise<DnsAnswer> {
  await using channel = await dialer.dialDatagram(target);
  const result = Promise.withResolvers<DnsAnswer>();
  channel.deliver((octets) => {
    const answer = answerIn(octets);
    if (answer !== undefined) result.resolve(answer);
  });
  channel.closed.then(
    () => result.reject(new ProtocolError("dns", "No answer")),
    result.reject,
  );
  target.signal.addEventListener(
    "abort",
    () => result.reject(target.signal.reason),
    { once: true },
  );
  let timer: Disposable | undefined;
  const send = (): void => {
    channel.send(query);
    timer = clock.callAt(clock.now() + AGAIN, send);
  };
  send();
  try {
    return await result.promise;
  } finally {
    timer?.[Symbol.dispose]();
  }
}

async function byStream(
  query: Uint8Array,
  target: Target,
  { dialer }: ExchangeOptions,
  answerIn: AnswerIn,
): Promise<DnsAnswer> {
  await using stream = await dialer.dialStream(target);
  const framed = new Uint8Array(2 + query.length);
  putLengthPrefixed(framed, 0, query);
  await stream.write(framed);
  let answer: DnsAnswer | undefined;
  const reader = new DatagramReader(LENGTH_PREFIX, (octets) => {
    answer ??= answerIn(octets);
  });
  const abort = (): void => stream.abort(target.signal.reason);
  target.signal.addEventListener("abort", abort);
  try {
    while (answer === undefined) {
      if (!await stream.read((octets) => reader.push(octets))) {
        throw new ProtocolError("dns", "The nameserver hung up");
      }
    }
    return answer;
  } finally {
    target.signal.removeEventListener("abort", abort);
  }
}

function targetOf(dst: Endpoint, signal: AbortSignal): Target {
  return { src: { host: "", port: 0 }, dst, signal, trace: [] };
}
