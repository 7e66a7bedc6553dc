import { DeviceError } from "../src/base/errors.ts";
import { errnoReader } from "./errno.ts";

/** macOS's C library, as far as it is called the same way on both processors. See `libc.ts` for the widths of lengths. */
const SYMBOLS = {
  close: {
    parameters: ["i32"], // int fildes
    result: "i32",
  },
  read: {
    parameters: ["i32", "buffer", "u32"], // int fildes, void *buf, size_t nbyte
    result: "i32",
  },
  write: {
    parameters: ["i32", "buffer", "u32"], // int fildes, const void *buf, size_t nbyte
    result: "i32",
  },
  socket: {
    parameters: ["i32", "i32", "i32"], // int domain, int type, int protocol
    result: "i32",
  },
  bind: {
    parameters: ["i32", "buffer", "u32"], // int socket, const struct sockaddr *address, socklen_t address_len
    result: "i32",
  },
  connect: {
    parameters: ["i32", "buffer", "u32"], // int socket, const struct sockaddr *address, socklen_t address_len
    result: "i32",
  },
  getsockname: {
    parameters: ["i32", "buffer", "buffer"], // int socket, struct sockaddr *address, socklen_t *address_len
    result: "i32",
  },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"], // int socket, int level, int option_name, void *option_value, socklen_t *option_len
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"], // int socket, int level, int option_name, const void *option_value, socklen_t option_len
    result: "i32",
  },
  send: {
    parameters: ["i32", "buffer", "u32", "i32"], // int socket, const void *buffer, size_t length, int flags
    result: "i32",
  },
  recv: {
    parameters: ["i32", "buffer", "u32", "i32"], // int socket, void *buffer, size_t length, int flags
    result: "i32",
  },
  recvmsg_x: {
    parameters: ["i32", "buffer", "u32", "i32"], // int s, const struct msghdr_x *msgp, u_int cnt, int flags
    result: "i32",
    optional: true,
  },
  sendmsg_x: {
    parameters: ["i32", "buffer", "u32", "i32"], // int s, const struct msghdr_x *msgp, u_int cnt, int flags
    result: "i32",
    optional: true,
  },
  if_nametoindex: {
    parameters: ["buffer"], // const char *ifname
    result: "u32",
  },
  if_indextoname: {
    parameters: ["u32", "buffer"], // unsigned int ifindex, char *ifname
    result: "pointer",
  },
  kqueue: {
    parameters: [], // void
    result: "i32",
  },
  kevent: {
    parameters: ["i32", "buffer", "i32", "buffer", "i32", "pointer"], // int kq, const struct kevent *changelist, int nchanges, struct kevent *eventlist, int nevents, const struct timespec *timeout
    result: "i32",
  },
  keventParked: {
    name: "kevent",
    parameters: ["i32", "pointer", "i32", "buffer", "i32", "pointer"], // int kq, const struct kevent *changelist, int nchanges, struct kevent *eventlist, int nevents, const struct timespec *timeout
    result: "i32",
    nonblocking: true,
  },
  sysctl: {
    parameters: ["buffer", "u32", "buffer", "buffer", "pointer", "usize"], // int *name, u_int namelen, void *oldp, size_t *oldlenp, void *newp, size_t newlen
    result: "i32",
  },
  getrlimit: {
    parameters: ["i32", "buffer"], // int resource, struct rlimit *rlp
    result: "i32",
  },
  setrlimit: {
    parameters: ["i32", "buffer"], // int resource, const struct rlimit *rlp
    result: "i32",
  },
  clock_gettime: {
    parameters: ["i32", "buffer"], // clockid_t clock_id, struct timespec *tp
    result: "i32",
  },
  __error: {
    parameters: [], // void
    result: "pointer", // int *
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** On x86-64 variadic arguments go where all others go. */
const IOCTL_X86_64 = {
  ioctl: {
    parameters: ["i32", "u32", "buffer"], // int fildes, unsigned long request, ...
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Apple's ABI for arm64 has variadic arguments on the stack, and that is where a ninth one goes. */
const IOCTL_AARCH64 = {
  ioctl: {
    parameters: [
      ...["i32", "u32"] as const, // int fildes, unsigned long request
      ...["u32", "u32", "u32", "u32", "u32", "u32"] as const, // x2 to x7, which nobody reads
      "buffer", // ...
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

type Own = "__error" | "keventParked" | "kevent" | "sysctl";

/** Descriptors are `int`s that their opener closes. Calls answer -1 with the reason in `errno`. */
export interface LibSystem extends Omit<Symbols, Own>, Disposable {
  ioctl(fd: number, request: number, argument: Uint8Array<ArrayBuffer>): number;
  /** Makes changes, at once. */
  changeEvents(kqueue: number, changes: Uint8Array<ArrayBuffer>): number;
  /** Waits for events, off this thread, for as long as it takes. */
  awaitEvents(
    kqueue: number,
    events: Uint8Array<ArrayBuffer>,
  ): Promise<number>;
  /** The value of a management information base name; undefined where the system refuses. */
  sysctl(name: readonly number[]): Uint8Array<ArrayBuffer> | undefined;
  /** Of the last synchronous call on this thread. */
  errno(): number;
}

const KEVENT_SIZE = 32;
const NOTHING = new Uint8Array(0);

export function openLibSystem(): LibSystem {
  const library = load(SYMBOLS);
  const variadic = openIoctl();
  const { __error, kevent, keventParked, sysctl, ...symbols } = library.symbols;
  const location = __error();
  if (location === null) throw new Error("__error answered NULL");
  return {
    ...symbols,
    ioctl: variadic.ioctl,
    changeEvents: (kqueue, changes) =>
      kevent(kqueue, changes, changes.length / KEVENT_SIZE, NOTHING, 0, null),
    awaitEvents: (kqueue, events) =>
      keventParked(kqueue, null, 0, events, events.length / KEVENT_SIZE, null),
    sysctl: (name) => {
      const mib = new Uint8Array(new Int32Array(name).buffer);
      const length = new BigUint64Array(1);
      const size = new Uint8Array(length.buffer);
      if (sysctl(mib, name.length, null, size, null, 0n) < 0) return undefined;
      // The table may grow between the two calls.
      const octets = new Uint8Array(Number(length[0] ?? 0n) + 4096);
      length[0] = BigInt(octets.length);
      return sysctl(mib, name.length, octets, size, null, 0n) < 0
        ? undefined
        : octets.subarray(0, Number(length[0]));
    },
    errno: errnoReader(location),
    [Symbol.dispose]: () => {
      library.close();
      variadic[Symbol.dispose]();
    },
  };
}

function openIoctl(): Pick<LibSystem, "ioctl"> & Disposable {
  if (Deno.build.arch === "x86_64") {
    const library = load(IOCTL_X86_64);
    const { ioctl } = library.symbols;
    return { ioctl, [Symbol.dispose]: () => library.close() };
  }
  const library = load(IOCTL_AARCH64);
  const { ioctl } = library.symbols;
  return {
    ioctl: (fd, request, argument) =>
      ioctl(fd, request, 0, 0, 0, 0, 0, 0, argument),
    [Symbol.dispose]: () => library.close(),
  };
}

function load<S extends Deno.ForeignLibraryInterface>(
  symbols: S,
): Deno.DynamicLibrary<S> {
  try {
    return Deno.dlopen("/usr/lib/libSystem.B.dylib", symbols);
  } catch (error) {
    throw new DeviceError(
      "dlopen",
      "ENOENT",
      `Cannot load "libSystem.B.dylib": ${
        error instanceof Error ? error.message : error
      }`,
      "Run tungo with --allow-ffi",
    );
  }
}
