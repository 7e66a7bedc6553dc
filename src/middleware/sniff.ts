import type { Clock, Millis } from "../base/clock.ts";
import type { TcpFlow, UdpFlow } from "../flow/flow.ts";
import type { Handler, Middleware, Outcome } from "../flow/handler.ts";
import { type Peek, peek } from "../flow/peek.ts";
import { parseDnsQuestion } from "../proto/dns.ts";
import { sniffHttp } from "../proto/http_sniff.ts";
import { sniffClientHello } from "../proto/tls_client_hello.ts";

export interface SniffOptions {
  readonly tcp: boolean;
  readonly udp: boolean;
  /** How long the first octets are waited for. */
  readonly timeout: Millis;
  readonly clock: Clock;
}

/** No name is looked for beyond so many octets. */
const MAX_OCTETS = 16 * 1024;

/** Learns from the first octets what the destination is called; they pass untouched. GOST's `sniffing`. */
export function sniff(options: SniffOptions): Middleware {
  return async function sniff(flow, next) {
    if (flow.protocol === "udp") {
      if (options.udp) noteQuestion(flow);
      return await next(flow);
    }
    return options.tcp
      ? await sniffStream(flow, next, options)
      : await next(flow);
  };
}

async function sniffStream(
  flow: TcpFlow,
  next: Handler,
  options: SniffOptions,
): Promise<Outcome> {
  const first = peek(await flow.accept());
  const found = await findName(first, options);
  if (found !== undefined) {
    const { name, by } = found;
    flow.trace.push({ by: "sniff", what: name, because: by, name });
  }
  return await next({
    ...flow,
    accepted: true,
    accept: () => Promise.resolve(first.stream),
    ...(found === undefined ? {} : { name: found.name }),
  });
}

interface Found {
  readonly name: string;
  readonly by: "HTTP Host" | "TLS SNI";
}

/** Undefined when the octets have none, or none in time. */
async function findName(
  first: Peek,
  { clock, timeout }: SniffOptions,
): Promise<Found | undefined> {
  const late = Promise.withResolvers<false>();
  using _timer = clock.callAt(
    clock.now() + timeout,
    () => late.resolve(false),
  );
  for (;;) {
    // A stream that fails here fails whoever reads it next as well.
    const more = first.more().catch(() => false);
    if (!await Promise.race([more, late.promise])) return undefined;
    const found = nameIn(first.octets());
    if (found !== "more") return found;
    if (first.octets().length >= MAX_OCTETS) return undefined;
  }
}

function nameIn(octets: Uint8Array): Found | "more" | undefined {
  const http = sniffHttp(octets);
  if (typeof http === "object") return { name: http.host, by: "HTTP Host" };
  const hello = sniffClientHello(octets);
  if (typeof hello === "object") {
    const { serverName } = hello;
    return serverName === undefined
      ? undefined
      : { name: serverName, by: "TLS SNI" };
  }
  return http === "more" || hello === "more" ? "more" : undefined;
}

/** What a DNS query asks for; it goes where it was meant to go. */
function noteQuestion({ first, trace }: UdpFlow): void {
  const question = parseDnsQuestion(first);
  if (question === undefined) return;
  // The question is no name of the nameserver's.
  trace.push({ by: "sniff", what: question.name, because: "DNS" });
}
