import type { Millis } from "../src/base/clock.ts";
import { DeviceError } from "../src/base/errors.ts";
import {
  CLOCK_MONOTONIC_RAW,
  CLOCK_UPTIME_RAW,
  OPEN_MAX,
  RLIMIT_NOFILE,
} from "./constants_darwin.ts";
import { darwinErrnoName } from "./errno_darwin.ts";
import type { LibSystem } from "./libsystem.ts";

/** Raises the soft limit of open descriptors as far as the kernel lets it, and returns it. */
export function raiseDescriptorLimit(lib: LibSystem): number {
  const limit = new BigUint64Array(2);
  const octets = new Uint8Array(limit.buffer);
  if (lib.getrlimit(RLIMIT_NOFILE, octets) < 0) {
    const errno = darwinErrnoName(lib.errno());
    throw new DeviceError(
      "getrlimit",
      errno,
      `Cannot read the limit of open files: ${errno}`,
    );
  }
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
  return Math.max(
    0,
    clock(CLOCK_MONOTONIC_RAW, lib) - clock(CLOCK_UPTIME_RAW, lib),
  );
}

function clock(id: number, lib: LibSystem): Millis {
  const time = new BigInt64Array(2);
  lib.clock_gettime(id, new Uint8Array(time.buffer));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
}
