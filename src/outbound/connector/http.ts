import type { Clock, Millis } from "../../base/clock.ts";
import { DialError, ProtocolError } from "../../base/errors.ts";
import { withDeadline } from "../../flow/deadline.ts";
import { formatEndpoint } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import type { ByteStream } from "../../flow/stream.ts";
import type { Credentials } from "../../proto/credentials.ts";
import {
  type ConnectRequest,
  encodeConnectRequest,
  explainConnectStatus,
} from "../../proto/http_connect.ts";
import { httpHeadReader, parseStatusLine } from "../../proto/http_head.ts";
import { encodeSocksAddress } from "../../proto/socks_address.ts";
import { type Association, narrowed } from "../association.ts";
import type { Carrier, Connector } from "../contracts.ts";
import { agreed, orStreamsOnly, unsupported } from "./agreed.ts";
import { endpointFor } from "../endpoint_for.ts";
import { ADDRESSED_DATAGRAM_MAX } from "../../framing/addressed_datagrams.ts";
import { tunnel } from "./socks5_udp.ts";

export interface HttpOptions {
  readonly credentials?: Credentials;
  readonly headers?: ConnectRequest["headers"];
  /** For the request. */
  readonly timeout?: Millis;
  readonly clock: Clock;
}

/** CONNECT to a proxy (RFC 9110 §9.3.6), and GOST's extension of it for datagrams, which other proxies refuse. */
export function http(options: HttpOptions): Connector {
  const scratch = new Uint8Array(ADDRESSED_DATAGRAM_MAX);
  const associate = async (carrier: Carrier): Promise<Association> => {
    // A proxy that is not GOST must not take this for a stream to the target.
    const request = { authority: "", datagrams: true };
    const asked = ask(carrier, options, request);
    return tunnel(await orStreamsOnly(asked), scratch);
  };
  return {
    async connectStream(carrier, target) {
      const authority = formatEndpoint(endpointFor(target));
      const stream = await ask(carrier, options, {
        authority,
        datagrams: false,
      });
      return agreed(stream, carrier);
    },
    async connectDatagram(carrier, target) {
      const endpoint = endpointFor(target);
      const address = encodeSocksAddress(endpoint);
      if (address instanceof ProtocolError) throw unsupported(address);
      return narrowed(await associate(carrier), endpoint);
    },
    associate,
  };
}

async function ask(
  carrier: Carrier,
  { credentials, headers = [], timeout, clock }: HttpOptions,
  request: ConnectRequest,
): Promise<ByteStream> {
  const { signal } = new AbortController();
  const asked = request.datagrams ? "datagrams" : request.authority;
  const what = `The HTTP request for ${asked}`;
  const octets = encodeConnectRequest({ ...request, credentials, headers });
  if (octets instanceof ProtocolError) throw unsupported(octets);
  const conversation = async (signal: AbortSignal): Promise<ByteStream> => {
    signal.addEventListener("abort", () => carrier.abort(signal.reason));
    await carrier.write(octets);
    const { value, rest } = await readMessage(carrier, httpHeadReader());
    const line = parseStatusLine(value.startLine);
    if (line?.status === 200) return prefixed(rest, carrier);
    const answer = JSON.stringify(value.startLine.slice(0, 80));
    throw new DialError(
      line === undefined ? "broken" : explainConnectStatus(
        line.status,
        value.headers.get("proxy-status"),
      ),
      `The node answered ${answer} for ${asked}`,
    );
  };
  try {
    return await withDeadline({ clock, timeout, signal, what }, conversation);
  } catch (error) {
    if (error instanceof DialError) throw error;
    throw new DialError("broken", `${what} failed`, { cause: error });
  }
}
