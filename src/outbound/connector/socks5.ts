import type { Clock, Millis } from "../../base/clock.ts";
import { DialError, ProtocolError } from "../../base/errors.ts";
import { withDeadline } from "../../flow/deadline.ts";
import type { Dialer } from "../../flow/dialer.ts";
import { type Endpoint, formatEndpoint, type Target } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import type { ByteStream } from "../../flow/stream.ts";
import type { Credentials } from "../../proto/credentials.ts";
import {
  encodeSocksAuth,
  encodeSocksGreeting,
  encodeSocksRequest,
  explainSocksReply,
  socksAuthReader,
  type SocksCommand,
  socksMethodReader,
  type SocksReply,
  socksReplyReader,
} from "../../proto/socks5.ts";
import { encodeSocksAddress } from "../../proto/socks_address.ts";
import { parseAddress } from "../../wire/address.ts";
import { type Association, narrowed } from "../association.ts";
import type { Carrier, Connector } from "../contracts.ts";
import { agreed, orStreamsOnly, unsupported } from "./agreed.ts";
import { endpointFor } from "../endpoint_for.ts";
import { ADDRESSED_DATAGRAM_MAX } from "../../framing/addressed_datagrams.ts";
import { associate, tunnel } from "./socks5_udp.ts";

export interface Socks5Options {
  readonly credentials?: Credentials;
  /** `associate`: RFC 1928 §7; `tunnel`: GOST's UDP over TCP. */
  readonly udp: "associate" | "tunnel";
  /** The node, whose UDP port is at its own address where it does not say which. */
  readonly node: Endpoint;
  /** Reaches that port. */
  readonly datagrams: Dialer;
  /** For negotiation and request. */
  readonly timeout?: Millis;
  readonly clock: Clock;
}

/** Where the datagrams of an association will come from is not known. An empty name opens GOST's socket for both families. */
const UNKNOWN = {
  "udp-associate": { host: "0.0.0.0", port: 0 },
  "udp-tunnel": { host: "", port: 0 },
} as const;

/** SOCKS5 without encryption of its own. RFC 1928, RFC 1929. */
export function socks5(options: Socks5Options): Connector {
  const scratch = new Uint8Array(ADDRESSED_DATAGRAM_MAX);
  const open = async (
    carrier: Carrier,
    target: Target,
  ): Promise<Association> => {
    const command = options.udp === "tunnel" ? "udp-tunnel" : "udp-associate";
    const asked = ask(carrier, options, command, UNKNOWN[command]);
    const { stream: control, reply } = await orStreamsOnly(asked);
    if (command === "udp-tunnel") return tunnel(control, scratch);
    const port = portOf(reply, options, target);
    const dialer = options.datagrams;
    return await associate({ dialer, port, control, scratch });
  };
  return {
    async connectStream(carrier, target) {
      const endpoint = endpointFor(target);
      const { stream } = await ask(carrier, options, "connect", endpoint);
      return agreed(stream, carrier);
    },
    async connectDatagram(carrier, target) {
      const endpoint = endpointFor(target);
      const address = encodeSocksAddress(endpoint);
      if (address instanceof ProtocolError) throw unsupported(address);
      return narrowed(await open(carrier, target), endpoint);
    },
    associate: open,
    greet: (carrier, signal) =>
      converse(
        carrier,
        options,
        { signal, what: "The SOCKS5 greeting" },
        () => negotiate(carrier, options.credentials),
      ),
  };
}

interface Answered {
  readonly reply: SocksReply;
  readonly stream: ByteStream;
}

async function ask(
  carrier: Carrier,
  options: Socks5Options,
  command: SocksCommand,
  endpoint: Endpoint,
): Promise<Answered> {
  const { signal } = new AbortController();
  const what = `The SOCKS5 request for ${formatEndpoint(endpoint)}`;
  return await converse(carrier, options, { signal, what }, async () => {
    if (!carrier.greeted) await negotiate(carrier, options.credentials);
    const request = encodeSocksRequest(command, endpoint);
    if (request instanceof ProtocolError) throw unsupported(request);
    await carrier.write(request);
    const { value, rest } = await readMessage(carrier, socksReplyReader());
    if (value.code === 0) {
      return { reply: value, stream: prefixed(rest, carrier) };
    }
    const { kind, text } = explainSocksReply(value.code);
    const asked = formatEndpoint(endpoint);
    throw new DialError(kind, `The node answered "${text}" for ${asked}`);
  });
}

/** Within the connector's time, and with a DialError for whatever fails. */
async function converse<T>(
  carrier: Carrier,
  { timeout, clock }: Socks5Options,
  { signal, what }: { readonly signal: AbortSignal; readonly what: string },
  conversation: () => Promise<T>,
): Promise<T> {
  try {
    return await withDeadline({ clock, timeout, signal, what }, (signal) => {
      signal.addEventListener("abort", () => carrier.abort(signal.reason));
      return conversation();
    });
  } catch (error) {
    if (error instanceof DialError) throw error;
    throw new DialError("broken", `${what} failed`, { cause: error });
  }
}

async function negotiate(
  carrier: Carrier,
  credentials: Credentials | undefined,
): Promise<void> {
  const usernamePassword = credentials !== undefined;
  await carrier.write(encodeSocksGreeting({ usernamePassword }));
  const { value: method } = await readMessage(carrier, socksMethodReader());
  if (method === "none") return;
  if (method === "unacceptable" || credentials === undefined) {
    throw new DialError("auth", "The node wants a user and a password");
  }
  const auth = encodeSocksAuth(credentials);
  if (auth instanceof ProtocolError) throw unsupported(auth);
  await carrier.write(auth);
  const { value: accepted } = await readMessage(carrier, socksAuthReader());
  if (accepted) return;
  throw new DialError("auth", "The node does not accept user and password");
}

function portOf(
  { bound }: SocksReply,
  { node }: Socks5Options,
  { src, signal }: Target,
): Target {
  const address = parseAddress(bound.host);
  const unspecified = address?.every((octet) => octet === 0) ?? true;
  const host = unspecified ? node.host : bound.host;
  return { src, dst: { host, port: bound.port }, signal, trace: [] };
}
