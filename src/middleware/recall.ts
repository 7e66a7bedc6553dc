import type { TcpFlow, UdpFlow } from "../flow/flow.ts";
import type { Middleware } from "../flow/handler.ts";
import { wrapStream } from "../flow/wrap.ts";
import type { Answers } from "../names/answers.ts";
import { DatagramReader } from "../proto/datagram_reader.ts";
import { LENGTH_PREFIX } from "../proto/length_prefix.ts";

const DNS_PORT = 53;

/** Tells rules and logs which name a flow's address was the answer for, from the answers of nameservers that have passed. */
export function recall(answers: Answers): Middleware {
  return async function recall(flow, next) {
    if (flow.dst.port === DNS_PORT) {
      return await next(
        flow.protocol === "udp"
          ? overheard(flow, answers)
          : overheardStream(flow, answers),
      );
    }
    const called = answers.nameOf(flow.src.host, flow.dst.host);
    // What was known when the flow came stays so.
    if (called === undefined || flow.called !== undefined) {
      return await next(flow);
    }
    const step = { by: "dns", what: called, because: "DNS answer" };
    flow.trace.push({ ...step, name: called, minor: true });
    return await next({ ...flow, called });
  };
}

function overheard(flow: UdpFlow, answers: Answers): UdpFlow {
  const { host } = flow.src;
  const accept: UdpFlow["accept"] = async () => {
    const channel = await flow.accept();
    return {
      closed: channel.closed,
      deliver: (onDatagram) => channel.deliver(onDatagram),
      send(payload, from) {
        answers.hear(host, payload);
        channel.send(payload, from);
      },
      [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
    };
  };
  return { ...flow, accept };
}

/** RFC 1035 §4.2.2. */
function overheardStream(flow: TcpFlow, answers: Answers): TcpFlow {
  const { host } = flow.src;
  const accept: TcpFlow["accept"] = async () => {
    const stream = await flow.accept();
    const reader = new DatagramReader(
      LENGTH_PREFIX,
      (response) => answers.hear(host, response),
    );
    return wrapStream(stream, {
      write(octets) {
        reader.push(octets);
        return stream.write(octets);
      },
    });
  };
  return { ...flow, accept };
}
