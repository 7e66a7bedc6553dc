import { BoundedMap } from "../base/bounded_map.ts";
import type { Clock, Millis } from "../base/clock.ts";
import { describe, DialError } from "../base/errors.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import { formatEndpoint, type Target } from "../flow/flow.ts";
import { type DatagramChannel, deferred, READY } from "../flow/stream.ts";
import type { Exchange, Query } from "../names/exchange.ts";
import { byStream } from "../names/stream_exchange.ts";
import { parseDnsQuestion } from "../proto/dns.ts";
import { fitted, responseLimit, serverFailure } from "../proto/dns_datagram.ts";
import { isStreamsOnly } from "./streams_only.ts";

const DNS_PORT = 53;

/** Before whoever asks gives up: resolvers wait for 5 s. */
const TIMEOUT: Millis = 4500;

/** Nameservers to which a connection is kept. */
const MOST_SERVERS = 64;
/** Questions of one flow that wait for their answers; more are dropped, as UDP may. */
const MOST_QUESTIONS = 64;

/** `dialer`, where it carries no datagrams: questions to nameservers go the same way by TCP. */
export function dnsByStream(dialer: Dialer, clock: Clock): Dialer {
  const exchanges = new BoundedMap<string, Exchange>(MOST_SERVERS);
  const exchangeWith = (target: Target): Exchange => {
    const server = formatEndpoint(target.dst);
    const known = exchanges.get(server);
    if (known !== undefined) return known;
    const open = (signal: AbortSignal) =>
      dialer.dialStream({ ...target, signal, trace: [] });
    const exchange = byStream({ open, clock });
    exchanges.set(server, exchange);
    return exchange;
  };
  return {
    dialStream: (target) => dialer.dialStream(target),
    async dialDatagram(target) {
      try {
        return await dialer.dialDatagram(target);
      } catch (error) {
        const { dst, trace } = target;
        if (!isStreamsOnly(error) || dst.port !== DNS_PORT) throw error;
        const what = `${formatEndpoint(dst)} by TCP`;
        trace.push({ by: "dns", what, because: describe(error) });
        return questions(exchangeWith(target), target, clock);
      }
    },
  };
}

/** Datagrams to a nameserver, each a question, and back, each its answer. */
function questions(
  exchange: Exchange,
  { dst, signal }: Target,
  clock: Clock,
): DatagramChannel {
  const closed = deferred<void>();
  let onAnswer = (_: Uint8Array): void => {};
  let waiting = 0;
  const what = `Asking ${formatEndpoint(dst)} by TCP`;
  const ask = async (query: Query): Promise<void> => {
    const { octets } = query;
    waiting++;
    try {
      const response = await withDeadline(
        { clock, timeout: TIMEOUT, signal, what },
        (signal) => exchange(query, signal),
      );
      onAnswer(fitted(response, responseLimit(octets)));
    } catch (cause) {
      // Whoever asks need not wait to learn that there will be no answer.
      onAnswer(serverFailure(octets));
      closed.reject(failure(what, cause));
    } finally {
      waiting--;
    }
  };
  return {
    closed: closed.promise,
    send(payload) {
      if (waiting >= MOST_QUESTIONS) return;
      const octets = payload.slice();
      const question = parseDnsQuestion(octets);
      if (question !== undefined) void ask({ octets, question });
    },
    deliver: (onDatagram) => onAnswer = onDatagram,
    [Symbol.asyncDispose]() {
      closed.resolve();
      return READY;
    },
  };
}

function failure(what: string, cause: unknown): DialError {
  if (cause instanceof DialError) return cause;
  return new DialError("broken", `${what} failed`, { cause });
}
