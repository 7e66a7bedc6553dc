import type { Millis } from "../src/base/clock.ts";
import { DeviceError } from "../src/base/errors.ts";

/** The calls that Linux and macOS have alike. */
interface UnixCalls {
  getrlimit(resource: number, limit: Uint8Array<ArrayBuffer>): number;
  clock_gettime(clock: number, time: Uint8Array<ArrayBuffer>): number;
  errno(): number;
}

/** struct rlimit { rlim_t rlim_cur, rlim_max; }, as numbers and as octets. */
export interface DescriptorLimit {
  readonly limit: BigUint64Array;
  readonly octets: Uint8Array<ArrayBuffer>;
}

/** The limit of open descriptors. `resource` is the system's RLIMIT_NOFILE. Throws a DeviceError. */
export function readDescriptorLimit(
  lib: UnixCalls,
  resource: number,
  errnoName: (errno: number) => string,
): DescriptorLimit {
  const limit = new BigUint64Array(2);
  const octets = new Uint8Array(limit.buffer);
  if (lib.getrlimit(resource, octets) < 0) {
    const errno = errnoName(lib.errno());
    const message = `Cannot read the limit of open files: ${errno}`;
    throw new DeviceError("getrlimit", errno, message);
  }
  return { limit, octets };
}

/** How far the clock that goes on while the machine sleeps is ahead of the one that does not. */
export function clockLead(
  lib: UnixCalls,
  sleeping: number,
  waking: number,
): Millis {
  return Math.max(0, read(sleeping, lib) - read(waking, lib));
}

/** struct timespec { time_t tv_sec; long tv_nsec; } */
function read(clock: number, lib: UnixCalls): Millis {
  const time = new BigInt64Array(2);
  lib.clock_gettime(clock, new Uint8Array(time.buffer));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
}
