import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Endpoint, Target } from "../flow/flow.ts";
import { answers, type DnsQuestion, isTruncated } from "../proto/dns.ts";

/** A query, and the question in it. */
export interface Query {
  readonly octets: Uint8Array;
  readonly question: DnsQuestion;
}

/** Asks a nameserver; resolves with its response, which answers this very question. Anything else is ignored until `signal` aborts. */
export type Exchange = (
  query: Query,
  signal: AbortSignal,
) => Promise<Uint8Array>;

/** A lost datagram is sent again after this long. */
const AGAIN: Millis = 1000;

export interface DatagramExchangeOptions {
  readonly dialer: Dialer;
  readonly server: Endpoint;
  readonly clock: Clock;
  /** Asked when an answer does not fit into a datagram. */
  readonly stream: Exchange;
}

/** By UDP, from a new port each time. RFC 1035 §4.2.1. */
export function byDatagram(
  { dialer, server, clock, stream }: DatagramExchangeOptions,
): Exchange {
  return async function byDatagram(query, signal) {
    const { octets, question } = query;
    await using channel = await dialer.dialDatagram(targetOf(server, signal));
    const result = Promise.withResolvers<Uint8Array>();
    channel.deliver((octets) => {
      if (answers(octets, question)) result.resolve(octets.slice());
    });
    channel.closed.then(
      () => result.reject(new ProtocolError("dns", "No answer")),
      result.reject,
    );
    const onAbort = (): void => result.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    let timer: Disposable | undefined;
    const send = (): void => {
      channel.send(octets);
      timer = clock.callAt(clock.now() + AGAIN, send);
    };
    send();
    try {
      const response = await result.promise;
      return isTruncated(response) ? await stream(query, signal) : response;
    } finally {
      timer?.[Symbol.dispose]();
      signal.removeEventListener("abort", onAbort);
    }
  };
}

/** What a dialer may know of a dial to a nameserver. */
export function targetOf(dst: Endpoint, signal: AbortSignal): Target {
  return { src: { host: "", port: 0 }, dst, signal, trace: [] };
}
