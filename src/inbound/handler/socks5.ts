import { TruncatedError } from "../../base/errors.ts";
import type { Rejection } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { type Reader, readMessage } from "../../flow/read_message.ts";
import type { ByteStream } from "../../flow/stream.ts";
import {
  ADDRESSED_DATAGRAM_MAX,
  addressedDatagrams,
} from "../../framing/addressed_datagrams.ts";
import { datagramStream } from "../../framing/datagram_stream.ts";
import {
  encodeSocksAuthStatus,
  encodeSocksMethod,
  encodeSocksReply,
  socksCredentialsReader,
  socksGreetingReader,
  type SocksReplyCode,
  type SocksRequest,
  socksRequestReader,
} from "../../proto/socks5_server.ts";
import { serveBoundPort } from "../bound_port.ts";
import type { Incoming } from "../contracts.ts";
import { hangUp } from "../hang_up.ts";
import { openAssociation } from "../association.ts";
import {
  type Answers,
  type Handle,
  handler,
  type HandlerOptions,
  mayUse,
  refuse,
  tcpFlow,
  withinReadTimeout,
} from "./client.ts";

export interface Socks5HandlerOptions extends HandlerOptions {
  /** Serve datagrams. */
  readonly udp: boolean;
}

const REPLY: { readonly [R in Rejection]: SocksReplyCode } = {
  refused: "connection refused",
  unreachable: "host unreachable",
  prohibited: "not allowed by ruleset",
  silent: "TTL expired",
};

const ANSWERS: Answers = {
  accepted: encodeSocksReply("succeeded"),
  rejected: (reason) => encodeSocksReply(REPLY[reason]),
};

/** RFC 1928 and RFC 1929: CONNECT, UDP ASSOCIATE and GOST's UDP over TCP. There is no BIND. */
export function socks5(options: Socks5HandlerOptions): Handle {
  const scratch = new Uint8Array(ADDRESSED_DATAGRAM_MAX);
  const framing = addressedDatagrams(scratch);
  return handler("socks5", options, async (incoming) => {
    const asked = await withinReadTimeout(
      incoming,
      options,
      () => negotiate(incoming.stream, options),
    );
    if (asked === undefined) {
      const { log, clock } = options;
      log.warn("socks5.refuse", {
        from: incoming.from.host,
        status: "unauthorized",
      });
      return await hangUp(incoming.stream, clock);
    }
    const { request: { command, target }, stream } = asked;
    const problem = problemWith(asked.request, options);
    if (problem !== undefined || target === undefined) {
      const why = problem ?? "address type not supported";
      const octets = encodeSocksReply(why);
      const answer = { name: "socks5", why, octets };
      return await refuse({ ...incoming, stream }, options, answer);
    }
    if (command === "connect") {
      const client = { stream, src: incoming.from, dst: target };
      return options.onFlow(tcpFlow(client, ANSWERS, options));
    }
    if (command === "udp-tunnel") {
      await stream.write(encodeSocksReply("succeeded"));
      const datagrams = datagramStream(stream, framing);
      return await serveBoundPort(datagrams, incoming.from, options);
    }
    await associate({ ...incoming, stream }, options, scratch);
  });
}

interface Asked {
  readonly request: SocksRequest;
  readonly stream: ByteStream;
}

/** Undefined for a client that may not use the server, and has been told. */
async function negotiate(
  first: ByteStream,
  { users }: Socks5HandlerOptions,
): Promise<Asked | undefined> {
  let stream = first;
  const next = async <T>(reader: Reader<T>): Promise<T> => {
    const { value, rest } = await readMessage(stream, reader);
    stream = prefixed(rest, stream);
    return value;
  };
  const offer = await next(socksGreetingReader());
  // Who wants to say who it is may do so where nobody asks.
  const asks = users.length > 0 || !offer.none;
  if (asks && !offer.usernamePassword) {
    await stream.write(encodeSocksMethod("unacceptable"));
    return undefined;
  }
  await stream.write(encodeSocksMethod(asks ? "username-password" : "none"));
  if (asks) {
    const accepted = mayUse(users, await next(socksCredentialsReader()));
    await stream.write(encodeSocksAuthStatus(accepted));
    if (!accepted) return undefined;
  }
  return { request: await next(socksRequestReader()), stream };
}

function problemWith(
  { command, target }: SocksRequest,
  { udp }: Socks5HandlerOptions,
): SocksReplyCode | undefined {
  if (command === undefined) return "command not supported";
  if (target === undefined) return "address type not supported";
  // As GOST without `udp`.
  return command === "connect" || udp ? undefined : "not allowed by ruleset";
}

/** RFC 1928 §7: the association lives as long as the stream. */
async function associate(
  { stream, from, to }: Incoming,
  options: Socks5HandlerOptions,
  scratch: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    const association = await openAssociation({
      control: stream,
      client: from.host,
      host: to.host,
      scratch,
    });
    await stream.write(encodeSocksReply("succeeded", association.address));
    await serveBoundPort(association, from, options);
  } catch (error) {
    // The client has gone without a word, which ends it, too.
    if (!(error instanceof TruncatedError)) throw error;
  }
}
