import type { Clock, Millis } from "../base/clock.ts";
import type { UdpFlow } from "../flow/flow.ts";
import type { Handler, Outcome } from "../flow/handler.ts";
import { type Held, hold } from "../flow/hold.ts";
import { parseDnsQuestion } from "../proto/dns.ts";
import { labelOfDatagram, type ProtocolLabel } from "../proto/first_octets.ts";
import { QuicClientHello } from "../proto/quic_client_hello.ts";
import type { ClientHello } from "../proto/tls_client_hello.ts";
import { named, nameInHello } from "./found_name.ts";

export interface DatagramSnifferOptions {
  readonly timeout: Millis;
  readonly clock: Clock;
  readonly needsName: (flow: UdpFlow) => boolean;
}

/** Reads the name that a client of QUIC asks for, and notes what else a first datagram is. Only a hello in several datagrams is waited for. */
export async function sniffDatagrams(
  flow: UdpFlow,
  next: Handler,
  options: DatagramSnifferOptions,
): Promise<Outcome> {
  const hello = new QuicClientHello().push(flow.first);
  if (hello === "other") {
    noteOther(flow);
    return await next(flow);
  }
  if (hello !== "more") return await next(withName(flow, hello));
  if (!options.needsName(flow)) {
    noteLabel(flow, "QUIC");
    return await next(flow);
  }
  const held = hold(await flow.accept());
  const whole = await readHello(held, options);
  const accepted = { ...flow, accept: () => Promise.resolve(held.channel) };
  return await next(withName(accepted, whole));
}

function withName(flow: UdpFlow, hello: ClientHello | undefined): UdpFlow {
  const found = hello && nameInHello(hello, "QUIC SNI");
  if (found !== undefined) return named(flow, found);
  noteLabel(flow, "QUIC");
  return flow;
}

/** Undefined when there is none, or none in time. */
async function readHello(
  held: Held,
  { clock, timeout }: DatagramSnifferOptions,
): Promise<ClientHello | undefined> {
  const { promise, resolve } = Promise.withResolvers<ClientHello | undefined>();
  using _timer = clock.callAt(clock.now() + timeout, () => resolve(undefined));
  const quic = new QuicClientHello();
  held.show((datagram) => {
    const hello = quic.push(datagram);
    if (hello === "more") return true;
    resolve(hello === "other" ? undefined : hello);
    return false;
  });
  return await promise;
}

/** What the datagram is, for the log; it goes where it was meant to go. */
function noteOther(flow: UdpFlow): void {
  const label = labelOfDatagram(flow.first);
  if (label !== undefined) {
    noteLabel(flow, label);
    return;
  }
  const question = parseDnsQuestion(flow.first);
  if (question === undefined) return;
  // The question is no name of the nameserver's.
  flow.trace.push({ by: "sniff", what: question.name, because: "DNS" });
}

function noteLabel({ trace }: UdpFlow, label: ProtocolLabel): void {
  trace.push({ by: "sniff", what: label, because: "first datagram" });
}
