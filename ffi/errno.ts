/** Linux's numbers (asm-generic/errno*.h), those that the program meets. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  EPIPE: 32,
  ENOSYS: 38,
  EBADFD: 77,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENETRESET: 102,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
} as const;

export type ErrnoName = keyof typeof ERRNO;

/** "ECONNREFUSED" for 111, "errno 42" for a number without a name here. */
export function errnoName(errno: number): ErrnoName | `errno ${number}` {
  return nameOf(errno, ERRNO);
}

/** The name of a number in a system's table. */
export function nameOf<Name extends string>(
  errno: number,
  table: Readonly<Record<Name, number>>,
): Name | `errno ${number}` {
  for (const name of Object.keys(table) as Name[]) {
    if (table[name] === errno) return name;
  }
  return `errno ${errno}`;
}

/**
 * Reads the calling thread's errno: valid right after a synchronous FFI call, meaningless after a `nonblocking` one.
 * A view of the variable itself costs 1 ns, a call of `__errno_location` 4 ns.
 */
export function errnoReader(
  location: Deno.PointerObject,
): () => number {
  const errno = new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(location, 4),
  );
  return () => errno[0] ?? 0;
}
