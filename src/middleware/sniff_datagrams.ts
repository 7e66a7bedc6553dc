import type { Clock, Millis } from "../base/clock.ts";
import type { UdpFlow } from "../flow/flow.ts";
import type { Handler, Outcome } from "../flow/handler.ts";
import { type Held, hold } from "../flow/hold.ts";
import { parseDnsQuestion } from "../proto/dns.ts";
import { labelOfDatagram } from "../proto/first_octets.ts";
import { QuicClientHello } from "../proto/quic_client_hello.ts";
import type { ClientHello } from "../proto/tls_client_hello.ts";
import { named, nameInHello } from "./found_name.ts";

export interface DatagramSnifferOptions {
  readonly timeout: Millis;
  readonly clock: Clock;
  readonly needsName: (flow: UdpFlow) => boolean;
}

/** What the first datagrams of a flow hold. */
interface Seen {
  /** Empty where there was none in time. */
  readonly first: Uint8Array;
  readonly hello: ClientHello | "more" | "other";
}

/**
 * Reads the name that a client of QUIC asks for, and notes what else a first datagram is. Only a hello in several datagrams is
 * waited for, and the first datagram of a far end's client, which may come behind its request.
 */
export async function sniffDatagrams(
  flow: UdpFlow,
  next: Handler,
  options: DatagramSnifferOptions,
): Promise<Outcome> {
  const { first } = flow;
  const hello = new QuicClientHello().push(first);
  const isWhole = hello !== "more" && first.length > 0;
  if (isWhole || !options.needsName(flow)) {
    return await next(learned(flow, { first, hello }));
  }
  const held = hold(await flow.accept());
  const accepted = { ...flow, accept: () => Promise.resolve(held.channel) };
  return await next(learned(accepted, await readHello(held, options)));
}

/** Until there is a hello, or there can be none, or it does not come in time. */
async function readHello(
  held: Held,
  { clock, timeout }: DatagramSnifferOptions,
): Promise<Seen> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _timer = clock.callAt(clock.now() + timeout, resolve);
  const quic = new QuicClientHello();
  let first = new Uint8Array(0);
  let hello: Seen["hello"] = "more";
  held.show((datagram) => {
    if (first.length === 0) first = datagram.slice();
    hello = quic.push(datagram);
    if (hello !== "more") resolve();
    return hello === "more";
  });
  await promise;
  return { first, hello };
}

/** `flow` with the name that was found. What it is otherwise stands in its trace; it goes where it was meant to go. */
function learned(flow: UdpFlow, { first, hello }: Seen): UdpFlow {
  const found = typeof hello === "object"
    ? nameInHello(hello, "QUIC SNI")
    : undefined;
  if (found !== undefined) return named(flow, found);
  const label = labelOfDatagram(first);
  // The question is no name of the nameserver's.
  const question = label === undefined ? parseDnsQuestion(first) : undefined;
  if (label !== undefined) {
    flow.trace.push({ by: "sniff", what: label, because: "first datagram" });
  } else if (question !== undefined) {
    flow.trace.push({ by: "sniff", what: question.name, because: "DNS" });
  }
  return flow;
}
