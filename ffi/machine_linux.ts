import { DeviceError } from "../src/base/errors.ts";
import type { Millis } from "../src/base/clock.ts";
import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";

// bits/resource.h: struct rlimit { rlim_t rlim_cur, rlim_max; }
const RLIMIT_NOFILE = 7;
// bits/time.h: struct timespec { time_t tv_sec; long tv_nsec; }
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/** Raises the soft limit of open descriptors to the hard one, and returns it. */
export function raiseDescriptorLimit(libc: Libc): number {
  const limit = new BigUint64Array(2);
  const octets = new Uint8Array(limit.buffer);
  if (libc.getrlimit(RLIMIT_NOFILE, octets) < 0) {
    const errno = errnoName(libc.errno());
    throw new DeviceError(
      "getrlimit",
      errno,
      `Cannot read the limit of open files: ${errno}`,
    );
  }
  const [soft = 0n, hard = 0n] = limit;
  limit[0] = hard;
  return Number(libc.setrlimit(RLIMIT_NOFILE, octets) < 0 ? soft : hard);
}

/** How long the machine has been suspended since it started. */
export function sleepTime(libc: Libc): Millis {
  return Math.max(
    0,
    clock(CLOCK_BOOTTIME, libc) - clock(CLOCK_MONOTONIC, libc),
  );
}

function clock(id: number, libc: Libc): Millis {
  const time = new BigInt64Array(2);
  libc.clock_gettime(id, new Uint8Array(time.buffer));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
}
