import type { Rejection } from "../../flow/flow.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import {
  ADDRESSED_DATAGRAM_MAX,
  addressedDatagrams,
} from "../../framing/addressed_datagrams.ts";
import { datagramStream } from "../../framing/datagram_stream.ts";
import { relayDatagrams } from "../../framing/relay_datagrams.ts";
import {
  type RelayRequest,
  relayRequestReader,
} from "../../proto/relay_request.ts";
import {
  encodeBindResponse,
  encodeRelayResponse,
  type RelayStatus,
} from "../../proto/relay_response.ts";
import { serveBoundPort } from "../bound_port.ts";
import {
  type Answers,
  type Handle,
  handler,
  type HandlerOptions,
  mayUse,
  refuse,
  tcpFlow,
  udpFlow,
  withinReadTimeout,
} from "./client.ts";

export interface RelayHandlerOptions extends HandlerOptions {
  /** Serve BIND of UDP: one port for all datagrams of a client. */
  readonly bind: boolean;
}

/** What the client learns. Unlike GOST's, which answers every failure of a dial alike. */
const STATUS: { readonly [R in Rejection]: RelayStatus } = {
  refused: "service-unavailable",
  unreachable: "host-unreachable",
  prohibited: "forbidden",
  silent: "timeout",
};

const ANSWERS: Answers = {
  accepted: encodeRelayResponse("ok"),
  rejected: (reason) => encodeRelayResponse(STATUS[reason]),
};

/** GOST's relay protocol. */
export function relay(options: RelayHandlerOptions): Handle {
  const connectFraming = relayDatagrams();
  const bindFraming = addressedDatagrams(
    new Uint8Array(ADDRESSED_DATAGRAM_MAX),
  );
  return handler("relay", options, async (incoming) => {
    const { value: request, rest } = await withinReadTimeout(
      incoming,
      options,
      () => readMessage(incoming.stream, relayRequestReader()),
    );
    const stream = prefixed(rest, incoming.stream);
    const problem = problemWith(request, options);
    if (problem !== undefined) {
      const octets = encodeRelayResponse(problem);
      const answer = { name: "relay", why: problem, octets };
      return await refuse({ ...incoming, stream }, options, answer);
    }
    const { target: dst = { host: "", port: 0 }, network, command } = request;
    const client = { stream, src: incoming.from, dst };
    if (command === "bind") {
      await stream.write(encodeBindResponse());
      const datagrams = datagramStream(stream, bindFraming);
      return await serveBoundPort(datagrams, client.src, options);
    }
    const datagrams = () => datagramStream(stream, connectFraming);
    options.onFlow(
      network === "udp"
        ? udpFlow(client, ANSWERS, { ...options, datagrams })
        : tcpFlow(client, ANSWERS, options),
    );
  });
}

function problemWith(
  { command, network, target, credentials }: RelayRequest,
  { users, bind }: RelayHandlerOptions,
): RelayStatus | undefined {
  if (!mayUse(users, credentials)) return "unauthorized";
  // As GOST without `bind`. TCP's is not there: nothing that tungo or a GOST client behind it carries asks for it.
  if (command === "bind") {
    return bind && network === "udp" ? undefined : "forbidden";
  }
  const known = command === "connect" &&
    (network === "tcp" || network === "udp");
  return known && target !== undefined ? undefined : "bad-request";
}
