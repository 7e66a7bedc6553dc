import type { Millis } from "../src/base/clock.ts";
import {
  CLOCK_MONOTONIC_RAW,
  CLOCK_UPTIME_RAW,
  OPEN_MAX,
  RLIMIT_NOFILE,
} from "./constants_darwin.ts";
import { darwinErrnoName } from "./errno_darwin.ts";
import type { LibSystem } from "./libsystem.ts";
import { clockLead, readDescriptorLimit } from "./machine_unix.ts";

/** Raises the soft limit of open descriptors as far as the kernel lets it, and returns it. */
export function raiseDescriptorLimit(lib: LibSystem): number {
  const { limit, octets } = readDescriptorLimit(
    lib,
    RLIMIT_NOFILE,
    darwinErrnoName,
  );
  const [soft = 0n, hard = 0n] = limit;
  // The hard limit is "infinity" by default, and refused.
  for (const wanted of [hard, hard < OPEN_MAX ? hard : OPEN_MAX]) {
    if (wanted <= soft) break;
    limit[0] = wanted;
    if (lib.setrlimit(RLIMIT_NOFILE, octets) === 0) return Number(wanted);
  }
  return Number(soft);
}

/** How long the machine has been asleep since it started. */
export function sleepTime(lib: LibSystem): Millis {
  return clockLead(lib, CLOCK_MONOTONIC_RAW, CLOCK_UPTIME_RAW);
}
