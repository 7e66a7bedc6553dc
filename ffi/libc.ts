import { DeviceError } from "../src/base/errors.ts";
import { errnoReader } from "./errno.ts";

/**
 * glibc on Linux. Lengths are declared `u32` and results `i32` although C says `size_t` and `ssize_t`: no buffer here reaches
 * 2 GiB, and a 64-bit number takes V8's slow way into C (363 ns instead of 249 ns for a `read` of 16 octets).
 */
const SYMBOLS = {
  open: {
    parameters: ["buffer", "i32"], // const char *pathname, int flags
    result: "i32",
  },
  close: {
    parameters: ["i32"], // int fd
    result: "i32",
  },
  read: {
    parameters: ["i32", "buffer", "u32"], // int fd, void *buf, size_t count
    result: "i32",
  },
  write: {
    parameters: ["i32", "buffer", "u32"], // int fd, const void *buf, size_t count
    result: "i32",
  },
  ioctl: {
    parameters: ["i32", "u32", "buffer"], // int fd, unsigned long request, void *argp
    result: "i32",
  },
  ioctlValue: {
    name: "ioctl",
    parameters: ["i32", "u32", "u32"], // int fd, unsigned long request, unsigned int value
    result: "i32",
  },
  socket: {
    parameters: ["i32", "i32", "i32"], // int domain, int type, int protocol
    result: "i32",
  },
  bind: {
    parameters: ["i32", "buffer", "u32"], // int sockfd, const struct sockaddr *addr, socklen_t addrlen
    result: "i32",
  },
  connect: {
    parameters: ["i32", "buffer", "u32"], // int sockfd, const struct sockaddr *addr, socklen_t addrlen
    result: "i32",
  },
  getsockname: {
    parameters: ["i32", "buffer", "buffer"], // int sockfd, struct sockaddr *addr, socklen_t *addrlen
    result: "i32",
  },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"], // int sockfd, int level, int optname, void *optval, socklen_t *optlen
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"], // int sockfd, int level, int optname, const void *optval, socklen_t optlen
    result: "i32",
  },
  send: {
    parameters: ["i32", "buffer", "u32", "i32"], // int sockfd, const void *buf, size_t len, int flags
    result: "i32",
  },
  recv: {
    parameters: ["i32", "buffer", "u32", "i32"], // int sockfd, void *buf, size_t len, int flags
    result: "i32",
  },
  _exit: {
    parameters: ["i32"], // int status
    result: "void",
  },
  setns: {
    parameters: ["i32", "i32"], // int fd, int nstype
    result: "i32",
  },
  shutdown: {
    parameters: ["i32", "i32"], // int sockfd, int how
    result: "i32",
  },
  recvfrom: {
    parameters: ["i32", "buffer", "u32", "i32", "buffer", "buffer"], // int sockfd, void *buf, size_t len, int flags, struct sockaddr *src_addr, socklen_t *addrlen
    result: "i32",
  },
  if_nametoindex: {
    parameters: ["buffer"], // const char *ifname
    result: "u32",
  },
  epoll_create1: {
    parameters: ["i32"], // int flags
    result: "i32",
  },
  epoll_ctl: {
    parameters: ["i32", "i32", "i32", "buffer"], // int epfd, int op, int fd, struct epoll_event *event
    result: "i32",
  },
  epoll_wait: {
    parameters: ["i32", "buffer", "i32", "i32"], // int epfd, struct epoll_event *events, int maxevents, int timeout
    result: "i32",
    nonblocking: true,
  },
  epollNow: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"], // int epfd, struct epoll_event *events, int maxevents, int timeout
    result: "i32",
  },
  eventfd: {
    parameters: ["u32", "i32"], // unsigned int initval, int flags
    result: "i32",
  },
  malloc_trim: {
    parameters: ["u32"], // size_t pad
    result: "i32",
  },
  getrlimit: {
    parameters: ["i32", "buffer"], // int resource, struct rlimit *rlim
    result: "i32",
  },
  setrlimit: {
    parameters: ["i32", "buffer"], // int resource, const struct rlimit *rlim
    result: "i32",
  },
  clock_gettime: {
    parameters: ["i32", "buffer"], // clockid_t clockid, struct timespec *tp
    result: "i32",
  },
  __errno_location: {
    parameters: [], // void
    result: "pointer", // int *
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Descriptors are `int`s that their opener closes. Calls answer -1 with the reason in `errno`. */
export interface Libc extends Omit<Symbols, "__errno_location">, Disposable {
  /** Of the last synchronous call on this thread. */
  errno(): number;
}

export function openLibc(): Libc {
  const library = load();
  const { __errno_location, ...symbols } = library.symbols;
  const location = __errno_location();
  if (location === null) throw new Error("__errno_location answered NULL");
  return {
    ...symbols,
    errno: errnoReader(location),
    [Symbol.dispose]: () => library.close(),
  };
}

function load(): Deno.DynamicLibrary<typeof SYMBOLS> {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS);
  } catch (error) {
    throw new DeviceError(
      "dlopen",
      "ENOENT",
      `Cannot load "libc.so.6": ${
        error instanceof Error ? error.message : error
      }`,
      "Run tungo on a system with glibc, and with --allow-ffi",
    );
  }
}

/** `text` as C wants it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** An `int` by reference. */
export function int32(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([value]).buffer);
}
