import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import type { OpenUdp } from "../base/socket.ts";
import type { EgressConfig } from "../config/chain_schema.ts";
import { type Endpoint, formatEndpoint } from "../flow/flow.ts";
import type { ByteStream } from "../flow/stream.ts";
import { byDatagram, targetOf } from "../names/exchange.ts";
import { type HostsTable, hostsTable } from "../names/hosts.ts";
import { parseHostsFile } from "../names/hosts_file.ts";
import type { Nameserver } from "../names/nameserver.ts";
import { createResolver, type Resolve } from "../names/resolver.ts";
import { byStream } from "../names/stream_exchange.ts";
import { direct, type OpenStream } from "../outbound/direct.ts";
import type { Nameserver as SystemNameserver } from "../system/resolv_conf.ts";
import type { NetworkState } from "./network_state.ts";

/** For each nameserver. */
const TIMEOUT: Millis = 3000;

const DNS_PORT = 53;

export interface ResolversOptions {
  readonly openStream: OpenStream;
  readonly openUdp: OpenUdp;
  readonly state: NetworkState;
  readonly clock: Clock;
  readonly random: (into: Uint8Array) => void;
  /** The text of hosts(5). */
  readonly hosts: string;
  readonly nameservers: readonly SystemNameserver[];
}

/** Resolves names from here, beside the device: the nameservers are those of the time before we changed anything. */
export class Resolvers {
  readonly #options: ResolversOptions;
  readonly #hosts: HostsTable;
  readonly #servers: readonly Endpoint[];

  constructor(options: ResolversOptions) {
    this.#options = options;
    this.#hosts = hostsTable(parseHostsFile(options.hosts, "hosts").entries);
    this.#servers = options.nameservers
      .map(({ host }) => ({ host, port: DNS_PORT }));
  }

  /** Asks through the interfaces of `egress`. */
  via(egress: EgressConfig): Resolve {
    const { clock, random } = this.#options;
    const resolve = createResolver({
      nameservers: this.#servers.map((server) =>
        this.#nameserver(server, egress)
      ),
      // The first one is the machine's own, and knows best.
      onNothing: "end",
      clock,
      random: randomId(random),
    });
    return (name, signal) => {
      const fixed = this.#hosts.get(name.toLowerCase().replace(/\.$/, ""));
      return fixed === undefined
        ? resolve(name, signal)
        : Promise.resolve(fixed.map(({ address }) => address));
    };
  }

  #nameserver(server: Endpoint, egress: EgressConfig): Nameserver {
    const { openStream, openUdp, state, clock } = this.#options;
    const dialer = direct({
      name: "resolver",
      openStream,
      openUdp,
      resolve: (name) =>
        Promise.reject(
          new DialError("unreachable", `"${name}" is no nameserver's address`),
        ),
      egress: state.egress(egress),
      timeout: TIMEOUT,
      clock,
      ...(egress.mark === undefined ? {} : { mark: egress.mark }),
    });
    const open = (signal: AbortSignal): Promise<ByteStream> =>
      dialer.dialStream(targetOf(server, signal));
    const stream = byStream({ open, clock });
    return {
      name: formatEndpoint(server),
      exchange: byDatagram({ dialer, server, clock, stream }),
      families: ["ipv4", "ipv6"],
      timeout: TIMEOUT,
    };
  }
}

/** Identifiers of questions, from a source of octets. */
export function randomId(random: (into: Uint8Array) => void): () => number {
  const id = new Uint16Array(1);
  return () => {
    random(new Uint8Array(id.buffer));
    return id[0] ?? 0;
  };
}
