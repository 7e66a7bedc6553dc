import type { DnsConfig, RouteConfig } from "../config/schema.ts";
import { answer } from "../middleware/answer.ts";
import { unfake } from "../middleware/unfake.ts";
import type { Middleware } from "../flow/handler.ts";
import type { Exchange } from "../names/exchange.ts";
import type { FakeAddresses } from "../names/fake_addresses.ts";
import { familyOf } from "../names/nameserver.ts";
import { encodeAddresses } from "../proto/dns_response.ts";
import type { Context } from "./context.ts";
import type { FindHost } from "./hosts.ts";
import type { Resolver } from "./names.ts";

/** Of answers that we make up, in seconds. */
const TTL = 60;

/** RFC 9460 §2.1, §14.1: they may carry addresses, past the fake ones. */
const SVCB = 64;
const HTTPS = 65;

/** RFC 6761 §6.3. */
const LOCALHOST = ["127.0.0.1", "::1"];

/** Answers questions to port 53 as `dns` says, and knows fake addresses again. Rejects with a ConfigError. */
export async function buildAnswering(
  dns: DnsConfig,
  { names, egress }: RouteConfig,
  context: Context,
): Promise<readonly Middleware[]> {
  const { resolver, fakes: prefixes } = dns;
  const forwarder = await context.names.resolver(resolver, egress);
  const find = await context.names.find(names.hosts);
  const fakes = prefixes.length === 0 ? undefined : context.fakes(prefixes);
  const answering = answer({
    name: resolver.name,
    answer: answerer({ find, fakes, forwarder }),
  });
  return fakes === undefined ? [answering] : [answering, unfake(fakes)];
}

interface AnswererOptions {
  readonly find: FindHost;
  readonly fakes: FakeAddresses | undefined;
  readonly forwarder: Pick<Resolver, "forward" | "covers">;
}

/** Hosts first; then a fake address, but for names that have nameservers of their own. */
function answerer(
  { find, fakes, forwarder: { forward, covers } }: AnswererOptions,
): Exchange {
  return async (query, signal) => {
    const { octets, question } = query;
    const { name, type } = question;
    const respond = (addresses: readonly string[]): Uint8Array =>
      encodeAddresses(octets, question, { addresses, ttl: TTL });
    const isAddress = familyOf(type) !== undefined;
    const known = name === "localhost" ? LOCALHOST : find(name)?.addresses;
    if (isAddress && known !== undefined) return respond(known);
    if (fakes !== undefined && !covers(name)) {
      if (isAddress) return respond(fakes.of(name));
      if (type === HTTPS || type === SVCB) return respond([]);
    }
    return await forward(query, signal);
  };
}
