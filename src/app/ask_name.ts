import { ProtocolError } from "../base/errors.ts";
import type { Endpoint } from "../flow/flow.ts";
import { type DatagramChannel, deferred, READY } from "../flow/stream.ts";
import { encodeDnsQuery, parseDnsAnswer } from "../proto/dns.ts";
import type { Pipeline } from "./pipeline.ts";
import { nobody } from "./silent_application.ts";

/**
 * The first IPv4 address of `name` for an application at `src`, from a service that answers questions itself. Undefined where it
 * has none without asking others.
 */
export async function askName(
  { rehearse }: Pick<Pipeline, "rehearse">,
  name: string,
  { src, nameserver }: {
    readonly src: Endpoint;
    readonly nameserver: Endpoint;
  },
): Promise<string | undefined> {
  const query = encodeDnsQuery({ id: 1, name, type: "A" });
  if (query instanceof ProtocolError) return undefined;
  const answered = deferred<void>();
  let address: string | undefined;
  const channel: DatagramChannel = {
    deliver: (onDatagram) => onDatagram(query),
    send(payload) {
      const answer = parseDnsAnswer(payload);
      if (!(answer instanceof ProtocolError)) [address] = answer.addresses;
      answered.resolve();
    },
    closed: answered.promise,
    [Symbol.asyncDispose]: () => READY,
  };
  await rehearse({
    ...nobody(),
    id: 0,
    protocol: "udp",
    src,
    dst: nameserver,
    first: query,
    accept: () => Promise.resolve(channel),
  });
  return address;
}
