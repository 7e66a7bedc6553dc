import type { Millis } from "../src/base/clock.ts";
import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { clockLead, readDescriptorLimit } from "./machine_unix.ts";

// bits/resource.h
const RLIMIT_NOFILE = 7;
// bits/time.h
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/** Raises the soft limit of open descriptors to the hard one, and returns it. */
export function raiseDescriptorLimit(libc: Libc): number {
  const { limit, octets } = readDescriptorLimit(
    libc,
    RLIMIT_NOFILE,
    errnoName,
  );
  const [soft = 0n, hard = 0n] = limit;
  limit[0] = hard;
  return Number(libc.setrlimit(RLIMIT_NOFILE, octets) < 0 ? soft : hard);
}

/** How long the machine has been suspended since it started. */
export function sleepTime(libc: Libc): Millis {
  return clockLead(libc, CLOCK_BOOTTIME, CLOCK_MONOTONIC);
}
