import { ConfigError, DialError, TruncatedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type {
  EgressConfig,
  InterfaceConfig,
  NetnsConfig,
} from "../config/chain_schema.ts";
import type { Egress } from "../outbound/direct.ts";
import {
  findDefaults,
  findEgress,
  leaksIpv6,
  type RouteEntry,
} from "../system/routes.ts";
import { type Address, parseAddress } from "../wire/address.ts";
import { Routes, type RoutesOptions } from "./routes.ts";

export interface NetworkStateOptions extends RoutesOptions {
  readonly log: Log;
  /** All addresses of this machine. */
  readonly addresses: () => readonly string[];
  /** Whether this system has network namespaces. */
  readonly hasNamespaces: boolean;
}

/** A connection of our own, and how it is ended. */
export interface OwnConnection {
  readonly remote: string;
  readonly local: string;
  /** Of another network namespace: what happens to our own is nothing to it. */
  readonly isElsewhere: boolean;
  readonly drop: (reason: Error) => void;
}

/** What the machine's routes and addresses mean for our own sockets, and which of them a change leaves behind. */
export class NetworkState {
  readonly #options: NetworkStateOptions;
  readonly #routes: Routes;
  /** Devices of ours: nothing of our own may leave through them. */
  readonly #devices = new Set<string>();
  /** With the interface that led to it when it was opened. */
  readonly #connections = new Map<OwnConnection, string | undefined>();
  /** Interfaces that have been chosen without being asked for: each is told once. */
  readonly #told = new Set<string>();
  /** Devices of which it has been said that IPv6 goes past them. */
  readonly #leaking = new Set<string>();

  constructor(options: NetworkStateOptions) {
    this.#options = options;
    this.#routes = new Routes(options);
  }

  addDevice(name: string): void {
    this.#devices.add(name);
  }

  /** The machine's links, addresses or routes are different. */
  noticeChange(): void {
    this.#dropStranded();
    for (const device of this.#devices) this.warnOfLeak(device);
  }

  /** Says, once, when IPv4 goes through the device and IPv6 past it. */
  warnOfLeak(device: string): void {
    const routes = { ipv4: this.#routes.of(4), ipv6: this.#routes.of(16) };
    if (this.#leaking.has(device) || !leaksIpv6(routes, device)) return;
    this.#leaking.add(device);
    this.#options.log.warn("route.ipv6", {
      reason: `IPv4's default route leads into ${device} and IPv6's does not`,
      remedy: `add ::/0 to its route=`,
    });
  }

  /**
   * For each destination the interfaces to try. Without any configured, sockets are bound only where a route leads into a device of
   * ours. Another network namespace has routes of its own, which are left to decide. Throws a ConfigError where there can be none.
   */
  egress(
    { interfaces, netns }: EgressConfig,
  ): (address: string) => readonly Egress[] {
    if (netns !== undefined) {
      const ways = this.#elsewhere(netns, interfaces);
      return () => ways;
    }
    if (interfaces.length === 0) {
      return (address) => this.#aroundDevices(address);
    }
    return (address) =>
      interfaces.flatMap(({ name, strict }) => {
        const used = name === "auto" ? this.#defaultInterface(address) : name;
        return used === undefined ? [] : [{ interface: used, strict }];
      });
  }

  /** Until the result is called. */
  watch(connection: OwnConnection): () => void {
    this.#connections.set(connection, this.#interfaceTo(connection.remote));
    return () => this.#connections.delete(connection);
  }

  /** Ends all connections: the machine has slept, and their peers have not. */
  dropAll(): void {
    for (const connection of this.#connections.keys()) {
      this.#drop(connection, "The machine has slept");
    }
  }

  /** Ends the connections whose interface is not the right one any more or has lost their address: they would hang for minutes. */
  #dropStranded(): void {
    const addresses = new Set(this.#options.addresses());
    for (const [connection, before] of this.#connections) {
      const kept = connection.isElsewhere ||
        addresses.has(connection.local) &&
          this.#interfaceTo(connection.remote) === before;
      if (!kept) this.#drop(connection, "The network has changed");
    }
  }

  #drop(connection: OwnConnection, reason: string): void {
    this.#connections.delete(connection);
    connection.drop(new TruncatedError(reason));
  }

  #elsewhere(
    { name: netns, path, at }: NetnsConfig,
    interfaces: readonly InterfaceConfig[],
  ): readonly Egress[] {
    if (!this.#options.hasNamespaces) {
      const message =
        `Cannot use the network namespace "${netns}" as only Linux has them`;
      throw new ConfigError(message, path, at);
    }
    return interfaces.length === 0
      ? [{ netns, strict: false }]
      : interfaces.map(({ name, strict }) => ({
        interface: name,
        netns,
        strict,
      }));
  }

  #aroundDevices(address: string): readonly Egress[] {
    const parsed = parseAddress(address);
    if (parsed === undefined || isLoopback(parsed)) return [];
    const used = findEgress(this.#routes.of(parsed.length), parsed);
    if (used === undefined || !this.#devices.has(used.interface)) return [];
    const around = findEgress(this.#past(parsed.length), parsed);
    if (around === undefined) {
      throw new DialError(
        "unreachable",
        `The only way to ${address} leads into ${used.interface}, which is our own: give interface=, or a default route beside it`,
      );
    }
    this.#tell(around.interface, used.interface);
    return [{ interface: around.interface, strict: false }];
  }

  #tell(chosen: string, device: string): void {
    if (this.#told.has(chosen)) return;
    this.#told.add(chosen);
    this.#options.log.warn("egress.auto", {
      interface: chosen,
      reason: `routes lead into ${device}: give interface=${chosen} to say so`,
    });
  }

  #interfaceTo(address: string): string | undefined {
    const parsed = parseAddress(address);
    if (parsed === undefined) return undefined;
    return findEgress(this.#past(parsed.length), parsed)?.interface;
  }

  #defaultInterface(address: string): string | undefined {
    const length = parseAddress(address)?.length ?? 4;
    const [first] = findDefaults(this.#past(length));
    return first?.interface;
  }

  /** The routes that lead past our devices. */
  #past(addressLength: number): readonly RouteEntry[] {
    return this.#routes.of(addressLength).filter((route) =>
      !this.#devices.has(route.interface)
    );
  }
}

function isLoopback(address: Address): boolean {
  return address.length === 4
    ? address[0] === 127
    : address.every((octet, i) => octet === (i === 15 ? 1 : 0));
}
