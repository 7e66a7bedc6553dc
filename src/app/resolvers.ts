import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import type { Network } from "../base/socket.ts";
import type { EgressConfig } from "../config/chain_schema.ts";
import type { Endpoint } from "../flow/flow.ts";
import type { NodeStreams } from "../flow/node_stream.ts";
import { createResolver, type Resolve } from "../names/resolver.ts";
import { direct } from "../outbound/direct.ts";
import { parseHostsFile } from "../system/hosts_file.ts";
import type { Nameserver } from "../system/resolv_conf.ts";
import type { NetworkState } from "./network_state.ts";

/** For each nameserver. */
const TIMEOUT: Millis = 3000;

const DNS_PORT = 53;

export interface ResolversOptions {
  readonly network: Pick<Network, "openSocket" | "openUdp">;
  readonly streams: NodeStreams;
  readonly state: NetworkState;
  readonly clock: Clock;
  readonly random: (into: Uint8Array) => void;
  /** The text of hosts(5). */
  readonly hosts: string;
  readonly nameservers: readonly Nameserver[];
}

/** Resolves names from here, beside the device: the nameservers are those of the time before we changed anything. */
export class Resolvers {
  readonly #options: ResolversOptions;
  readonly #hosts: ReadonlyMap<string, readonly string[]>;
  readonly #servers: readonly Endpoint[];

  constructor(options: ResolversOptions) {
    this.#options = options;
    this.#hosts = parseHostsFile(options.hosts);
    this.#servers = options.nameservers
      .map(({ host }) => ({ host, port: DNS_PORT }));
  }

  /** Asks through the interfaces of `egress`. */
  via(egress: EgressConfig): Resolve {
    const { network, streams, state, clock, random } = this.#options;
    const dialer = direct({
      name: "resolver",
      network,
      streams,
      resolve: (name) =>
        Promise.reject(
          new DialError("unreachable", `"${name}" is no nameserver's address`),
        ),
      egress: state.egress(egress),
      timeout: TIMEOUT,
      clock,
      ...(egress.mark === undefined ? {} : { mark: egress.mark }),
    });
    const id = new Uint16Array(1);
    return createResolver({
      servers: this.#servers,
      hosts: this.#hosts,
      dialer,
      clock,
      timeout: TIMEOUT,
      random: () => {
        random(new Uint8Array(id.buffer));
        return id[0] ?? 0;
      },
    });
  }
}
