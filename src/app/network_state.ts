import type { Socket } from "node:net";
import { DialError, TruncatedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { OpenSocket } from "../base/socket.ts";
import type { EgressConfig } from "../config/chain_schema.ts";
import type { Egress } from "../outbound/direct.ts";
import {
  findDefaults,
  findEgress,
  leaksIpv6,
  parseIpv4Routes,
  parseIpv6Routes,
  type RouteEntry,
} from "../system/linux_routes.ts";
import { type Address, parseAddress } from "../wire/address.ts";

export interface NetworkStateOptions {
  readonly log: Log;
  /** The text of a file, "" where there is none. */
  readonly readFile: (path: string) => string;
  /** All addresses of this machine. */
  readonly addresses: () => readonly string[];
}

interface OpenConnection {
  readonly remote: string;
  readonly local: string;
  /** The interface that led to it when it was opened. */
  readonly interface: string | undefined;
}

/** What the machine's routes and addresses mean for our own sockets, and which of them a change leaves behind. */
export class NetworkState {
  readonly #options: NetworkStateOptions;
  /** Devices of ours: nothing of our own may leave through them. */
  readonly #devices = new Set<string>();
  readonly #connections = new Map<Socket, OpenConnection>();
  /** Interfaces that have been chosen without being asked for: each is told once. */
  readonly #told = new Set<string>();
  /** Devices of which it has been said that IPv6 goes past them. */
  readonly #leaking = new Set<string>();

  constructor(options: NetworkStateOptions) {
    this.#options = options;
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
    const routes = { ipv4: this.#routesOf(4), ipv6: this.#routesOf(16) };
    if (this.#leaking.has(device) || !leaksIpv6(routes, device)) return;
    this.#leaking.add(device);
    this.#options.log.warn("route.ipv6", {
      reason: `IPv4's default route leads into ${device} and IPv6's does not`,
      remedy: `ip -6 route add default dev ${device} metric 1`,
    });
  }

  /** For each destination the interfaces to try. Without any configured, sockets are bound only where a route leads into a device of ours. */
  egress({ interfaces }: EgressConfig): (address: string) => readonly Egress[] {
    if (interfaces.length === 0) {
      return (address) => this.#aroundDevices(address);
    }
    return (address) =>
      interfaces.flatMap(({ name, strict }) => {
        const used = name === "auto" ? this.#defaultInterface(address) : name;
        return used === undefined ? [] : [{ interface: used, strict }];
      });
  }

  /** `open`, its sockets watched from then on. */
  watching(open: OpenSocket): OpenSocket {
    return async (options) => {
      const socket = await open(options);
      this.#connections.set(socket, {
        remote: options.host,
        local: socket.localAddress ?? "",
        interface: this.#interfaceTo(options.host),
      });
      socket.once("close", () => this.#connections.delete(socket));
      return socket;
    };
  }

  /** Ends all connections: the machine has slept, and their peers have not. */
  dropAll(): void {
    for (const socket of this.#connections.keys()) {
      this.#drop(socket, "The machine has slept");
    }
  }

  /** Ends the connections whose interface is not the right one any more or has lost their address: they would hang for minutes. */
  #dropStranded(): void {
    const addresses = new Set(this.#options.addresses());
    for (const [socket, { remote, local, ...then }] of this.#connections) {
      const kept = addresses.has(local) &&
        this.#interfaceTo(remote) === then.interface;
      if (!kept) this.#drop(socket, "The network has changed");
    }
  }

  #drop(socket: Socket, reason: string): void {
    this.#connections.delete(socket);
    socket.destroy(new TruncatedError(reason));
  }

  #aroundDevices(address: string): readonly Egress[] {
    const parsed = parseAddress(address);
    if (parsed === undefined || isLoopback(parsed)) return [];
    const routes = this.#routesOf(parsed.length);
    const used = findEgress(routes, parsed);
    if (used === undefined || !this.#devices.has(used.interface)) return [];
    const others = routes.filter((route) =>
      !this.#devices.has(route.interface)
    );
    const around = findEgress(others, parsed);
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
    const others = this.#routesOf(parsed.length).filter((route) =>
      !this.#devices.has(route.interface)
    );
    return findEgress(others, parsed)?.interface;
  }

  #defaultInterface(address: string): string | undefined {
    const length = parseAddress(address)?.length ?? 4;
    const others = this.#routesOf(length).filter((route) =>
      !this.#devices.has(route.interface)
    );
    const [first] = findDefaults(others);
    return first?.interface;
  }

  /** Read anew each time (20 µs): news of a change may come later than the dial that depends on it. */
  #routesOf(addressLength: number): readonly RouteEntry[] {
    const { readFile } = this.#options;
    return addressLength === 4
      ? parseIpv4Routes(readFile("/proc/net/route"))
      : parseIpv6Routes(readFile("/proc/net/ipv6_route"));
  }
}

function isLoopback(address: Address): boolean {
  return address.length === 4
    ? address[0] === 127
    : address.every((octet, i) => octet === (i === 15 ? 1 : 0));
}
