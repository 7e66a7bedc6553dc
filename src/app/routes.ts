import {
  parseIpv4Routes,
  parseIpv6Routes,
  type RouteEntry,
} from "../system/linux_routes.ts";

export interface RoutesOptions {
  /** The text of a file, "" where there is none. */
  readonly readFile: (path: string) => string;
  /** As long as it stays the same, so do the routes. */
  readonly version: () => number;
}

type Table = readonly RouteEntry[];

/** The machine's routes as they are now. Read when they have changed: doing it for each dial took 20 % of a flow's time. */
export class Routes {
  readonly #options: RoutesOptions;
  #version: number | undefined;
  #ipv4: Table | undefined;
  #ipv6: Table | undefined;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** Those of IPv4 for 4 octets, those of IPv6 for 16. */
  of(addressLength: number): Table {
    const { readFile, version } = this.#options;
    const now = version();
    if (now !== this.#version) {
      this.#version = now;
      this.#ipv4 = undefined;
      this.#ipv6 = undefined;
    }
    return addressLength === 4
      ? this.#ipv4 ??= parseIpv4Routes(readFile("/proc/net/route"))
      : this.#ipv6 ??= parseIpv6Routes(readFile("/proc/net/ipv6_route"));
  }
}
