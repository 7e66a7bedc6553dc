import type { Clock, Millis } from "../../base/clock.ts";
import { DialError, ProtocolError } from "../../base/errors.ts";
import { withDeadline } from "../../flow/deadline.ts";
import { formatEndpoint } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import { type ByteStream, rejected } from "../../flow/stream.ts";
import {
  encodeSocks4Request,
  explainSocks4Reply,
  socks4ReplyReader,
} from "../../proto/socks4.ts";
import type { Connector } from "../contracts.ts";
import { agreed, unsupported } from "./agreed.ts";
import { endpointFor } from "../endpoint_for.ts";

export interface Socks4Options {
  /** All that SOCKS4 knows of a user. */
  readonly userId: string;
  /** For the request. */
  readonly timeout?: Millis;
  readonly clock: Clock;
}

/** SOCKS4, for names SOCKS4A: streams to IPv4 and to names, no datagrams. */
export function socks4({ userId, timeout, clock }: Socks4Options): Connector {
  return {
    async connectStream(carrier, target) {
      const endpoint = endpointFor(target);
      const asked = formatEndpoint(endpoint);
      const what = `The SOCKS4 request for ${asked}`;
      const octets = encodeSocks4Request(endpoint, userId);
      if (octets instanceof ProtocolError) throw unsupported(octets);
      const ask = async (signal: AbortSignal): Promise<ByteStream> => {
        signal.addEventListener("abort", () => carrier.abort(signal.reason));
        await carrier.write(octets);
        const { value, rest } = await readMessage(carrier, socks4ReplyReader());
        if (value.granted) return prefixed(rest, carrier);
        const message = `The node answered ${value.code} for ${asked}`;
        throw new DialError(explainSocks4Reply(value.code), message);
      };
      const { signal } = target;
      const bound = { clock, timeout, signal, what };
      const stream = await withDeadline(bound, ask);
      return agreed(stream, carrier);
    },
    connectDatagram: () =>
      rejected(new DialError("streams-only", "SOCKS4 carries no datagrams")),
    streamsOnly: true,
  };
}
