/** macOS's library as far as the utun device uses it, on a pair of Linux sockets: what the device writes comes out at the far end. */
import {
  CTL_INFO,
  CTLIOCGINFO,
  FIOCLEX,
  FIONBIO,
  IFREQ,
  IOVEC,
  MSGHDR_X,
  SIOCGIFFLAGS,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
  SOCKADDR_CTL,
  UTUN_OPT_IFNAME,
} from "../../ffi/constants_darwin.ts";
import { ERRNO, errnoName } from "../../ffi/errno.ts";
import { DARWIN_ERRNO } from "../../ffi/errno_darwin.ts";
import { cString, type Libc } from "../../ffi/libc.ts";
import type { LibSystem } from "../../ffi/libsystem.ts";
import { fakeKqueue } from "./fake_kqueue.ts";

const CONTROL_ID = 7;
/** The system has these already. */
const TAKEN = ["utun0", "utun1", "utun2"];

// Linux: sys/socket.h, asm-generic/ioctls.h
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const LINUX_FIONBIO = 0x5421;
const LINUX_FIOCLEX = 0x5451;

export interface FakeLibSystemOptions {
  readonly libc: Libc;
  /** Without them the device reads and writes each packet by a call of its own. */
  readonly batches: boolean;
  /** Refuses a call by this errno: `connect: "EPERM"`. */
  readonly refuse?: Readonly<Record<string, keyof typeof DARWIN_ERRNO>>;
}

export interface FakeLibSystem extends Disposable {
  readonly lib: LibSystem;
  /** The far end of the device's socket, non-blocking. */
  far(): number;
  /** What the system was told of the link. */
  readonly link: { mtu: number; up: boolean };
  /** Calls of each kind so far. */
  readonly calls: Record<string, number>;
}

export function fakeLibSystem(
  { libc, batches, refuse = {} }: FakeLibSystemOptions,
): FakeLibSystem {
  const kqueue = fakeKqueue(libc);
  const link = { mtu: 1500, up: false };
  const calls: Record<string, number> = {};
  let far = -1;
  let name: string | undefined;
  let refused = 0;
  const fail = (errno: keyof typeof DARWIN_ERRNO): number => {
    refused = DARWIN_ERRNO[errno];
    return -1;
  };
  /** Counts a call, and answers whether the test has it refused. */
  const enter = (call: string): boolean => {
    calls[call] = (calls[call] ?? 0) + 1;
    refused = 0;
    const errno = refuse[call];
    if (errno !== undefined) fail(errno);
    return errno !== undefined;
  };

  const lib: LibSystem = {
    ...kqueue,
    close: libc.close,
    read: (...args) => enter("read") ? -1 : libc.read(...args),
    write: (...args) => enter("write") ? -1 : libc.write(...args),
    bind: libc.bind,
    getsockname: libc.getsockname,
    send: libc.send,
    recv: libc.recv,
    getrlimit: libc.getrlimit,
    setrlimit: libc.setrlimit,
    clock_gettime: libc.clock_gettime,
    if_nametoindex: libc.if_nametoindex,
    if_indextoname: () => null,
    sysctl: () => undefined,
    socket(domain, type, protocol) {
      if (enter("socket")) return -1;
      if (domain === 2) return libc.socket(domain, type, protocol);
      if (domain !== 32 || type !== 2 || protocol !== 2) return fail("EINVAL");
      const [near, other] = socketPair();
      far = other;
      return near;
    },
    ioctl(fd, request, argument) {
      if (enter("ioctl")) return -1;
      const view = new DataView(argument.buffer);
      switch (request) {
        case FIONBIO:
          return libc.ioctl(fd, LINUX_FIONBIO, argument);
        case FIOCLEX:
          return libc.ioctl(fd, LINUX_FIOCLEX, argument);
        case CTLIOCGINFO:
          if (
            textAt(argument, CTL_INFO.name) !== "com.apple.net.utun_control"
          ) {
            return fail("ENOENT");
          }
          view.setUint32(CTL_INFO.id, CONTROL_ID, true);
          return 0;
      }
      if (textAt(argument, 0) !== name) return fail("ENXIO");
      switch (request) {
        case SIOCSIFMTU:
          link.mtu = view.getInt32(IFREQ.value, true);
          return 0;
        case SIOCGIFFLAGS:
          view.setInt16(IFREQ.value, link.up ? 1 : 0, true);
          return 0;
        case SIOCSIFFLAGS:
          link.up = (view.getInt16(IFREQ.value, true) & 1) === 1;
          return 0;
        default:
          return fail("ENOTTY");
      }
    },
    connect(_, sockaddr) {
      if (enter("connect")) return -1;
      const view = new DataView((sockaddr as Uint8Array<ArrayBuffer>).buffer);
      const fields = [
        view.getUint8(SOCKADDR_CTL.length),
        view.getUint8(SOCKADDR_CTL.family),
        view.getUint16(SOCKADDR_CTL.sysaddr, true),
        view.getUint32(SOCKADDR_CTL.id, true),
      ];
      if (fields.join() !== [32, 32, 2, CONTROL_ID].join()) {
        return fail("EINVAL");
      }
      const unit = view.getUint32(SOCKADDR_CTL.unit, true);
      const wanted = `utun${unit === 0 ? TAKEN.length : unit - 1}`;
      if (TAKEN.includes(wanted)) return fail("EBUSY");
      name = wanted;
      return 0;
    },
    getsockopt(_, level, option, value) {
      if (enter("getsockopt")) return -1;
      if (level !== 2 || option !== UTUN_OPT_IFNAME || name === undefined) {
        return fail("EINVAL");
      }
      (value as Uint8Array<ArrayBuffer>).set(cString(name));
      return 0;
    },
    setsockopt: () => enter("setsockopt") ? -1 : 0,
    recvmsg_x: !batches ? null : (fd, messages, count) => {
      if (enter("recvmsg_x")) return -1;
      return each(
        messages,
        count,
        (octets) => libc.recv(fd, octets, octets.length, 0),
        { fills: true },
      );
    },
    sendmsg_x: !batches ? null : (fd, messages, count) => {
      if (enter("sendmsg_x")) return -1;
      return each(
        messages,
        count,
        (octets) => libc.send(fd, octets, octets.length, 0),
        { fills: false },
      );
    },
    errno: () => refused !== 0 ? refused : toDarwin(libc.errno()),
    [Symbol.dispose]() {},
  };
  return {
    lib,
    link,
    calls,
    far: () => far,
    [Symbol.dispose]() {
      if (far >= 0) libc.close(far);
      kqueue[Symbol.dispose]();
    },
  };
}

function socketPair(): readonly [number, number] {
  const library = Deno.dlopen("libc.so.6", {
    socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, // int domain, int type, int protocol, int sv[2]
  });
  const both = new Int32Array(2);
  library.symbols.socketpair(
    ...[AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0] as const,
    new Uint8Array(both.buffer),
  );
  library.close();
  const [near = -1, far = -1] = both;
  return [near, far];
}

/** Does `call` with the buffer of each message until one fails. How many did not, or -1 where the first one failed. */
function each(
  messages: unknown,
  count: number,
  call: (octets: Uint8Array<ArrayBuffer>) => number,
  { fills }: { fills: boolean },
): number {
  const { buffer, byteOffset } = messages as Uint8Array<ArrayBuffer>;
  const view = new DataView(buffer, byteOffset);
  for (let i = 0; i < count; i++) {
    const at = i * MSGHDR_X.size;
    const vector = memory(
      view.getBigUint64(at + MSGHDR_X.iov, true),
      IOVEC.size,
    );
    const iov = new DataView(vector);
    const length = Number(iov.getBigUint64(IOVEC.length, true));
    const base = iov.getBigUint64(IOVEC.base, true);
    const result = call(new Uint8Array(memory(base, length)));
    if (result < 0) return i === 0 ? -1 : i;
    if (fills) {
      view.setBigUint64(at + MSGHDR_X.datalen, BigInt(result), true);
    }
  }
  return count;
}

function memory(address: bigint, length: number): ArrayBuffer {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) throw new Error("A NULL pointer");
  return Deno.UnsafePointerView.getArrayBuffer(pointer, length);
}

function toDarwin(errno: number): number {
  const name = errnoName(errno) as keyof typeof DARWIN_ERRNO;
  return errno === ERRNO.EAGAIN ? DARWIN_ERRNO.EAGAIN : DARWIN_ERRNO[name];
}

function textAt(octets: Uint8Array, at: number): string {
  return new TextDecoder().decode(octets.subarray(at, octets.indexOf(0, at)));
}
