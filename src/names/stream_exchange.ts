import type { Clock } from "../base/clock.ts";
import type { ByteStream } from "../flow/stream.ts";
import { answers } from "../proto/dns.ts";
import { DatagramReader } from "../proto/datagram_reader.ts";
import { LENGTH_PREFIX, putLengthPrefixed } from "../proto/length_prefix.ts";
import { type Conversation, overConnection } from "./connection.ts";
import type { Exchange, Query } from "./exchange.ts";

/** Beyond, a connection that dies takes too many questions with it. */
const MOST = 100;

export interface StreamExchangeOptions {
  /** Opens a connection to the nameserver. */
  readonly open: (signal: AbortSignal) => Promise<ByteStream>;
  readonly clock: Clock;
}

/** By a stream, each message behind its length, answers in any order. RFC 7766 §6.2.1, RFC 7858 §3.3. */
export function byStream({ open, clock }: StreamExchangeOptions): Exchange {
  return overConnection({
    open: async (signal) => ({
      stream: await open(signal),
      conversation: lengthPrefixed(),
    }),
    clock,
  });
}

interface Waiting extends Query {
  readonly onAnswer: (response: Uint8Array) => void;
}

function lengthPrefixed(): Conversation {
  const waiting = new Set<Waiting>();
  const reader = new DatagramReader(LENGTH_PREFIX, (octets) => {
    for (const { question, onAnswer } of waiting) {
      if (answers(octets, question)) onAnswer(octets.slice());
    }
  });
  return {
    mayAsk: (waiting) => waiting < MOST,
    ask(query, onAnswer) {
      const asked = { ...query, onAnswer };
      waiting.add(asked);
      const octets = new Uint8Array(2 + query.octets.length);
      putLengthPrefixed(octets, 0, query.octets);
      return { octets, forget: () => void waiting.delete(asked) };
    },
    take: (octets) => reader.push(octets),
    end: () => {},
  };
}
