import { ProtocolError } from "../../base/errors.ts";
import type { Rejection } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import type { ByteStream } from "../../flow/stream.ts";
import { wrapStream } from "../../flow/wrap.ts";
import {
  ADDRESSED_DATAGRAM_MAX,
  addressedDatagrams,
} from "../../framing/addressed_datagrams.ts";
import { datagramStream } from "../../framing/datagram_stream.ts";
import { httpHeadReader } from "../../proto/http_head.ts";
import {
  encodeProxyAcceptance,
  encodeProxyRefusal,
  parseProxyRequest,
  type ProxyRefusal,
  type ProxyRequest,
} from "../../proto/http_proxy.ts";
import { serveBoundPort } from "../bound_port.ts";
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

export interface HttpHandlerOptions extends HandlerOptions {
  /** Serve GOST's datagrams. */
  readonly udp: boolean;
}

const REFUSAL: { readonly [R in Rejection]: ProxyRefusal } = {
  refused: "refused",
  unreachable: "unreachable",
  prohibited: "forbidden",
  silent: "timeout",
};

const rejected: Answers["rejected"] = (reason) =>
  encodeProxyRefusal(REFUSAL[reason]);

/** A tunnel is said to be there; what is forwarded, the target answers itself. */
const ANSWERS: { readonly [K in "connect" | "forward"]: Answers } = {
  connect: { accepted: encodeProxyAcceptance(), rejected },
  forward: { accepted: new Uint8Array(), rejected },
};

/** A proxy: CONNECT, requests in absolute-form, and GOST's datagrams. */
export function http(options: HttpHandlerOptions): Handle {
  const framing = addressedDatagrams(new Uint8Array(ADDRESSED_DATAGRAM_MAX));
  return handler("http", options, async (incoming) => {
    const { value, rest } = await withinReadTimeout(
      incoming,
      options,
      () => readMessage(incoming.stream, httpHeadReader()),
    );
    const request = parseProxyRequest(value);
    const stream = prefixed(rest, incoming.stream);
    const why = problemWith(request, options);
    if (why !== undefined || request instanceof ProtocolError) {
      const octets = encodeProxyRefusal(why ?? "bad request");
      const answer = { name: "http", why: why ?? "bad request", octets };
      return await refuse({ ...incoming, stream }, options, answer);
    }
    const { kind, target, head } = request;
    if (kind === "datagrams") {
      await stream.write(encodeProxyAcceptance());
      const datagrams = datagramStream(stream, framing);
      return await serveBoundPort(datagrams, incoming.from, options);
    }
    const client = {
      stream: prefixed(
        head,
        request.body === Infinity ? stream : first(request.body, stream),
      ),
      src: incoming.from,
      dst: target,
    };
    options.onFlow(tcpFlow(client, ANSWERS[kind], options));
  });
}

/** Lets no more than `length` octets of the client's through: what follows is a request that may be for somebody else. */
function first(length: number, stream: ByteStream): ByteStream {
  let left = length;
  return wrapStream(stream, {
    async read(take): Promise<boolean> {
      for (let taken = false; !taken;) {
        const more = await stream.read((octets) => {
          const part = octets.subarray(0, left);
          left -= part.length;
          if (part.length === 0) return;
          taken = true;
          take(part);
        });
        if (!more) return false;
      }
      return true;
    },
  });
}

function problemWith(
  request: ProxyRequest | ProtocolError,
  { users, udp }: HttpHandlerOptions,
): ProxyRefusal | undefined {
  if (request instanceof ProtocolError) return "bad request";
  if (!mayUse(users, request.credentials)) return "unauthorized";
  // As GOST without `udp`.
  return request.kind === "datagrams" && !udp ? "forbidden" : undefined;
}
