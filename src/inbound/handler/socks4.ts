import { readMessage } from "../../flow/read_message.ts";
import { prefixed } from "../../flow/prefixed.ts";
import {
  encodeSocks4Reply,
  SOCKS4_CONNECT,
  socks4RequestReader,
} from "../../proto/socks4.ts";
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

/** It has one refusal for everything. */
const ANSWERS: Answers = {
  accepted: encodeSocks4Reply(true),
  rejected: () => encodeSocks4Reply(false),
};

/** SOCKS4 and SOCKS4A: CONNECT. All that it knows of a user is a name, so one with a password cannot come in. */
export function socks4(options: HandlerOptions): Handle {
  return handler("socks4", options, async (incoming) => {
    const { value, rest } = await withinReadTimeout(
      incoming,
      options,
      () => readMessage(incoming.stream, socks4RequestReader()),
    );
    const stream = prefixed(rest, incoming.stream);
    const { command, userId: username, target } = value;
    const isUser = mayUse(options.users, { username, password: "" });
    if (!isUser || command !== SOCKS4_CONNECT) {
      const why = isUser ? "command not supported" : "unauthorized";
      const octets = encodeSocks4Reply(false);
      const answer = { name: "socks4", why, octets };
      return await refuse({ ...incoming, stream }, options, answer);
    }
    const client = { stream, src: incoming.from, dst: target };
    options.onFlow(tcpFlow(client, ANSWERS, options));
  });
}
