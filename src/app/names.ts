import type { Millis } from "../base/clock.ts";
import { formatPosition } from "../base/errors.ts";
import type {
  ChainConfig,
  EgressConfig,
  HostsConfig,
  NamesConfig,
  NameserverConfig,
  ResolverConfig,
} from "../config/chain_schema.ts";
import type { Dialer } from "../flow/dialer.ts";
import { formatEndpoint } from "../flow/flow.ts";
import { byDatagram, type Exchange } from "../names/exchange.ts";
import { byHttps, HTTPS_ALPN } from "../names/https_exchange.ts";
import type { Lookup } from "../names/lookup.ts";
import { createForwarder } from "../names/forwarder.ts";
import type { Nameserver } from "../names/nameserver.ts";
import { createResolver, type Resolve } from "../names/resolver.ts";
import { byStream } from "../names/stream_exchange.ts";
import { tcp } from "../outbound/transport/tcp.ts";
import { tls } from "../outbound/transport/tls.ts";
import { resolving } from "../outbound/resolving.ts";
import type { Context } from "./context.ts";
import { type FindHost, readHosts } from "./hosts.ts";
import { readClientTls } from "./pem.ts";
import { matcherSet } from "../rules/matcher_set.ts";
import { parseAddress } from "../wire/address.ts";

/** The parts of the program that names are found with. */
export type NamesParts = Pick<
  Context,
  "clock" | "streams" | "files" | "log" | "upkeep"
>;

export interface NamesOptions extends NamesParts {
  /** 16 unpredictable bits. */
  readonly random: () => number;
  /** Dials straight out by what `egress` says. */
  readonly direct: (egress: EgressConfig) => Dialer;
  /** Dials through a chain. Rejects with a ConfigError. */
  readonly through: (chain: ChainConfig) => Promise<Dialer>;
}

/** A resolver of the configuration. */
export interface Resolver {
  readonly resolve: Resolve;
  /** Asks whatever somebody else wants to know. Rejects with a DialError. */
  readonly forward: Exchange;
  /** Whether a name has nameservers of its own. */
  readonly covers: (name: string) => boolean;
}

const HTTPS_PORT = 443;

/** For a certificate that is not accepted. */
const REMEDY = "give its CA as caFile, its name as hostname";

/** GOST's clientIP stands for its /24, or for itself in IPv6. */
const CLIENT_SUBNET = { 4: 24, 16: 128 };

/** The hosts and resolvers of a configuration: each is made once, and shared by all that ask through the same interfaces. */
export class Names {
  readonly #options: NamesOptions;
  /** They go with their configuration. */
  readonly #hosts = new WeakMap<HostsConfig, Promise<FindHost>>();
  readonly #resolvers = new WeakMap<
    ResolverConfig,
    Map<string, Promise<Resolver>>
  >();

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  /** Tells a dialer what `names` has for its targets. Questions that no chain carries leave by `egress`. Rejects with a ConfigError. */
  async knowing(
    names: NamesConfig,
    egress: EgressConfig,
    timeout: Millis,
  ): Promise<(dialer: Dialer) => Dialer> {
    const { clock } = this.#options;
    const lookup = await this.lookup(names, egress);
    if (lookup === undefined) return (dialer) => dialer;
    return (dialer) => resolving(dialer, { lookup, timeout, clock });
  }

  /** Undefined where there is nothing to be asked. */
  async lookup(
    { hosts, resolver }: NamesConfig,
    egress: EgressConfig,
  ): Promise<Lookup | undefined> {
    if (hosts === undefined && resolver === undefined) return undefined;
    const find = await this.find(hosts);
    const asked = resolver && await this.resolver(resolver, egress);
    return async (name, signal) => {
      const found = find(name);
      if (found !== undefined || resolver === undefined) return found;
      if (asked === undefined || parseAddress(name) !== undefined) return;
      const because = `${name}, ${formatPosition(resolver.at)}`;
      const addresses = await asked.resolve(name, signal);
      return { addresses, by: resolver.name, because };
    };
  }

  /** What hosts have for a name. Rejects with a ConfigError. */
  find(config: HostsConfig | undefined): Promise<FindHost> {
    if (config === undefined) return Promise.resolve(() => undefined);
    const known = this.#hosts.get(config) ?? readHosts(config, this.#options);
    this.#hosts.set(config, known);
    return known;
  }

  /** A resolver whose questions leave by `egress` where no chain carries them. Rejects with a ConfigError. */
  resolver(config: ResolverConfig, egress: EgressConfig): Promise<Resolver> {
    const ways = this.#resolvers.get(config) ?? new Map();
    this.#resolvers.set(config, ways);
    const way = JSON.stringify(egress);
    const resolver = ways.get(way) ?? this.#createResolver(config, egress);
    ways.set(way, resolver);
    return resolver;
  }

  async #createResolver(
    { nameservers: configs }: ResolverConfig,
    egress: EgressConfig,
  ): Promise<Resolver> {
    const { clock, random } = this.#options;
    const nameservers: Nameserver[] = [];
    for (const config of configs) {
      nameservers.push(await this.#nameserver(config, egress));
    }
    const options = {
      nameservers,
      onNothing: "next" as const,
      clock,
      random,
    };
    return {
      resolve: createResolver(options),
      forward: createForwarder(options),
      covers: (name) => nameservers.some(({ covers }) => covers?.(name)),
    };
  }

  async #nameserver(
    config: NameserverConfig,
    egress: EgressConfig,
  ): Promise<Nameserver> {
    const { direct, through } = this.#options;
    const { protocol, host, port, path, chain, clientIp, ttl } = config;
    const dialer = chain === undefined ? direct(egress) : await through(chain);
    const server = formatEndpoint({ host, port });
    return {
      name: `${protocol}://${server}${path}`,
      exchange: await this.#exchange(config, dialer),
      families: config.families,
      timeout: config.timeout,
      stale: config.async,
      ...(config.domains.length === 0
        ? {}
        : { covers: coveredBy(config.domains) }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(clientIp === undefined ? {} : { clientSubnet: subnetOf(clientIp) }),
    };
  }

  async #exchange(
    config: NameserverConfig,
    dialer: Dialer,
  ): Promise<Exchange> {
    const { clock, streams } = this.#options;
    const { protocol, host, port, path, tls: security } = config;
    const server = { host, port };
    const plain = tcp({ address: server });
    if (security === undefined) {
      const open = (signal: AbortSignal) => plain(dialer, signal);
      const stream = byStream({ open, clock });
      return protocol === "udp"
        ? byDatagram({ dialer, server, clock, stream })
        : stream;
    }
    const options = {
      ...await readClientTls(security),
      ...{ clock, streams, remedy: REMEDY },
    };
    if (protocol === "tls") {
      const secured = tls(plain, options);
      return byStream({ open: (signal) => secured(dialer, signal), clock });
    }
    const secured = tls(plain, { ...options, alpn: HTTPS_ALPN });
    return byHttps({
      server: { authority: authorityOf(config), path },
      open: (signal) => secured(dialer, signal),
      clock,
    });
  }
}

/** What a request is for: without the port that goes without saying. */
function authorityOf({ tls, host, port }: NameserverConfig): string {
  const name = formatEndpoint({ host: tls?.serverName ?? host, port });
  return port === HTTPS_PORT ? name.replace(/:443$/, "") : name;
}

function coveredBy(
  domains: NameserverConfig["domains"],
): (name: string) => boolean {
  const set = matcherSet(domains);
  return (name) => set.find(name, 0) !== undefined;
}

function subnetOf(address: Uint8Array): Nameserver["clientSubnet"] & object {
  return { address, length: CLIENT_SUBNET[address.length === 4 ? 4 : 16] };
}
