import type { ReadRoutes, RouteEntry } from "../system/routes.ts";

export interface RoutesOptions {
  readonly readRoutes: ReadRoutes;
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
    const { readRoutes, version } = this.#options;
    const now = version();
    if (now !== this.#version) {
      this.#version = now;
      this.#ipv4 = undefined;
      this.#ipv6 = undefined;
    }
    return addressLength === 4
      ? this.#ipv4 ??= readRoutes(4)
      : this.#ipv6 ??= readRoutes(16);
  }
}
