import type { Millis } from "../src/base/clock.ts";
import type { Network } from "../src/base/socket.ts";
import type { OpenTun } from "../src/device/open_tun.ts";
import type { Nameserver } from "../src/system/resolv_conf.ts";
import type { ReadRoutes } from "../src/system/routes.ts";
import type { System } from "../src/system/system.ts";

/**
 * What a system gives us beyond Deno, one file per system. What it opened is closed by whoever asked for it, before the
 * platform itself.
 */
export interface Platform extends Network, AsyncDisposable {
  readonly system: System;
  readonly openTun: OpenTun;
  readonly readRoutes: ReadRoutes;
  /** Those that the system asks now, tungo's own left out. */
  nameservers(): readonly Nameserver[];
  /** Calls `onChange` some time after links, addresses or routes have changed, once for many changes. */
  watchNetwork(onChange: () => void): Disposable;
  /** As long as it stays the same, links, addresses and routes are as they were. Costs next to nothing. */
  networkVersion(): number;
  /** As many descriptors (sockets) as this process may have open, raised as far as the system lets us. */
  raiseDescriptorLimit(): number;
  /** How long the machine has been suspended, from an arbitrary origin: a growth means that it has slept meanwhile. */
  sleepTime(): Millis;
  /** Returns memory that nobody uses to the system; the program stands still for some 50 ms. */
  giveBack(): void;
  /** What somebody sends who wants the program to end. */
  readonly endSignals: readonly Deno.Signal[];
  /** What somebody sends who wants the configuration to be read again, or a terminal that goes away. */
  readonly reloadSignals: readonly Deno.Signal[];
}
