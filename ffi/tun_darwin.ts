import { DeviceError } from "../src/base/errors.ts";
import type { Device } from "../src/device/device.ts";
import type { TunOptions } from "../src/device/open_tun.ts";
import { isUtunName } from "../src/system/darwin.ts";
import {
  AF_SYS_CONTROL,
  AF_SYSTEM,
  CTL_INFO,
  CTLIOCGINFO,
  FIOCLEX,
  FIONBIO,
  IFF_UP,
  IFNAMSIZ,
  IFREQ,
  SIOCGIFFLAGS,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOCKADDR_CTL,
  SOL_SOCKET,
  SYSPROTO_CONTROL,
  UTUN_CONTROL_NAME,
  UTUN_OPT_IFNAME,
  UTUN_OPT_MAX_PENDING_PACKETS,
} from "./constants_darwin.ts";
import { darwinErrnoName } from "./errno_darwin.ts";
import { cString, int32 } from "./libc.ts";
import type { LibSystem } from "./libsystem.ts";
import { packetBatches } from "./packet_batches_darwin.ts";
import type { OpenReader } from "./reader.ts";
import { AF_INET } from "./sockaddr.ts";
import { DarwinTun } from "./tun_device_darwin.ts";

const NEEDS_ROOT = "Run tungo as root (sudo)";

/** Octets that wait for us before the kernel drops, and that wait for the kernel: two windows of 4 MiB. */
const SOCKET_BUFFER = 8 << 20;

/** Packets that the kernel puts into that buffer; it begins with one at a time. */
const MAX_PENDING_PACKETS = 4096;

export interface TunSupport {
  readonly lib: LibSystem;
  readonly openReader: OpenReader;
}

export function openTun(options: TunOptions, support: TunSupport): Device {
  const { lib } = support;
  const fd = check(
    lib.socket(AF_SYSTEM, SOCK_DGRAM, SYSPROTO_CONTROL),
    "socket(PF_SYSTEM)",
    lib,
  );
  try {
    connect(fd, options, lib);
    const name = nameOf(fd, lib);
    tellOfName(name, options);
    prepare(fd, lib);
    configureLink(name, options.mtu, lib);
    const { mtu } = options;
    const batches = packetBatches({ fd, mtu, lib });
    return new DarwinTun({ ...support, fd, name, mtu, batches });
  } catch (error) {
    lib.close(fd);
    throw error;
  }
}

/** Makes the device: `utun7` where it is asked for by this name, the next free one otherwise. */
function connect(fd: number, { name }: TunOptions, lib: LibSystem): void {
  const info = new Uint8Array(CTL_INFO.size);
  info.set(cString(UTUN_CONTROL_NAME), CTL_INFO.name);
  check(lib.ioctl(fd, CTLIOCGINFO, info), "ioctl(CTLIOCGINFO)", lib);
  const id = new DataView(info.buffer).getUint32(CTL_INFO.id, true);
  const sockaddr = sockaddrCtl(id, unitOf(name));
  if (lib.connect(fd, sockaddr, sockaddr.length) === 0) return;
  const errno = darwinErrnoName(lib.errno());
  const { reason, remedy } = connectReason(errno);
  throw new DeviceError(
    "connect(utun)",
    errno,
    `Cannot make the device "${name}": ${reason}`,
    remedy,
  );
}

/** Counted from 1; 0 stands for the first free one. */
function unitOf(name: string): number {
  return isUtunName(name) ? Number(name.slice("utun".length)) + 1 : 0;
}

function sockaddrCtl(id: number, unit: number): Uint8Array<ArrayBuffer> {
  const sockaddr = new Uint8Array(SOCKADDR_CTL.size);
  const view = new DataView(sockaddr.buffer);
  view.setUint8(SOCKADDR_CTL.length, SOCKADDR_CTL.size);
  view.setUint8(SOCKADDR_CTL.family, AF_SYSTEM);
  view.setUint16(SOCKADDR_CTL.sysaddr, AF_SYS_CONTROL, true);
  view.setUint32(SOCKADDR_CTL.id, id, true);
  view.setUint32(SOCKADDR_CTL.unit, unit, true);
  return sockaddr;
}

function connectReason(
  errno: string,
): { readonly reason: string; readonly remedy?: string } {
  switch (errno) {
    case "EPERM":
    case "EACCES":
      return { reason: errno, remedy: NEEDS_ROOT };
    case "EBUSY":
      return {
        reason: `it is in use (${errno})`,
        remedy: "Choose another name=, or name=tungo for the next free one",
      };
    default:
      return { reason: errno };
  }
}

function nameOf(fd: number, lib: LibSystem): string {
  const name = new Uint8Array(IFNAMSIZ);
  const length = int32(name.length);
  check(
    lib.getsockopt(fd, SYSPROTO_CONTROL, UTUN_OPT_IFNAME, name, length),
    "getsockopt(UTUN_OPT_IFNAME)",
    lib,
  );
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

function tellOfName(name: string, { name: wanted, log }: TunOptions): void {
  if (name === wanted) return;
  log.warn("device.name", {
    name,
    reason: `macOS names its devices itself, so it is not "${wanted}"`,
    remedy: "hooks find the name in TUN_NAME",
  });
}

function prepare(fd: number, lib: LibSystem): void {
  check(lib.ioctl(fd, FIONBIO, int32(1)), "ioctl(FIONBIO)", lib);
  check(lib.ioctl(fd, FIOCLEX, int32(0)), "ioctl(FIOCLEX)", lib);
  const pending = int32(MAX_PENDING_PACKETS);
  const size = int32(SOCKET_BUFFER);
  const four = pending.length;
  // A system that has less to give gives less.
  lib.setsockopt(
    ...[fd, SYSPROTO_CONTROL, UTUN_OPT_MAX_PENDING_PACKETS] as const,
    ...[pending, four] as const,
  );
  lib.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, four);
  lib.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, size, four);
}

function configureLink(name: string, mtu: number, lib: LibSystem): void {
  const socket = check(lib.socket(AF_INET, SOCK_DGRAM, 0), "socket", lib);
  try {
    const request = new Uint8Array(IFREQ.size);
    const view = new DataView(request.buffer);
    request.set(cString(name));
    view.setInt32(IFREQ.value, mtu, true);
    if (lib.ioctl(socket, SIOCSIFMTU, request) < 0) {
      const errno = darwinErrnoName(lib.errno());
      throw new DeviceError(
        "ioctl(SIOCSIFMTU)",
        errno,
        `Cannot use MTU ${mtu} for "${name}": ${errno}`,
        "Choose a smaller mtu=, at least 1280 for IPv6",
      );
    }
    view.setInt32(IFREQ.value, 0, true);
    check(lib.ioctl(socket, SIOCGIFFLAGS, request), "ioctl(SIOCGIFFLAGS)", lib);
    const flags = view.getInt16(IFREQ.value, true) | IFF_UP;
    view.setInt16(IFREQ.value, flags, true);
    check(lib.ioctl(socket, SIOCSIFFLAGS, request), "ioctl(SIOCSIFFLAGS)", lib);
  } finally {
    lib.close(socket);
  }
}

function check(result: number, syscall: string, lib: LibSystem): number {
  if (result >= 0) return result;
  const errno = darwinErrnoName(lib.errno());
  throw new DeviceError(
    syscall,
    errno,
    `Cannot set the device up: ${syscall} says ${errno}`,
    errno === "EPERM" || errno === "EACCES" ? NEEDS_ROOT : undefined,
  );
}
