import { DeviceError } from "../src/base/errors.ts";
import type { Device } from "../src/device/device.ts";
import type { TunOptions } from "../src/device/open_tun.ts";
import type { Offload } from "../src/wire/packet_buffer.ts";
import { errnoName } from "./errno.ts";
import { cString, int32, type Libc } from "./libc.ts";
import { subscribe } from "./netlink_linux.ts";
import { NetworkWatch } from "./network_watch.ts";
import type { SocketCalls } from "./socket_calls.ts";
import { setQueueLength } from "./queue_length_linux.ts";
import type { OpenReader } from "./reader.ts";
import { AF_INET } from "./sockaddr.ts";
import { SOCK_CLOEXEC, SOCK_DGRAM } from "./socket_options_linux.ts";
import { LinuxTun } from "./tun_device_linux.ts";
import {
  describeAttachFailure,
  describeOpenFailure,
  NEEDS_NET_ADMIN,
} from "./tun_errors_linux.ts";
import { probeTcpOffload, probeUdpOffload } from "./tun_probe_linux.ts";
import { VIRTIO_NET_HDR } from "./virtio_net_hdr.ts";

// fcntl.h
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

// linux/if_tun.h
const TUNSETIFF = 0x400454ca;
const TUNGETIFF = 0x800454d2;
const TUNGETFEATURES = 0x800454cf;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 0x01;
/** IPv4 and IPv6. */
const TUN_F_TSO = 0x02 | 0x04;
/** IPv4 and IPv6, together or not at all; Linux 6.2. */
const TUN_F_USO = 0x20 | 0x40;

// linux/sockios.h
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFMTU = 0x8922;

// linux/if.h: struct ifreq { char ifr_name[16]; union { short ifr_flags; int ifr_mtu; … } }
const IFREQ_LENGTH = 40;
const IFREQ_VALUE = 16;
const IFNAMSIZ = 16;
const IFF_UP = 1;

/**
 * Packets that wait for us before the kernel drops. Its own 500 overflow with one window of 16 MiB in packets of 1500 octets, and
 * 46 such drops took a transfer from 7 to 0.04 Gbit/s; 10 000 packets of 1420 octets hold three windows of 4 MiB.
 */
const QUEUE_LENGTH = 10_000;

export interface TunSupport {
  readonly libc: Libc;
  readonly sockets: SocketCalls;
  readonly openReader: OpenReader;
}

export function openTun(options: TunOptions, support: TunSupport): Device {
  const { libc } = support;
  const fd = libc.open(
    cString("/dev/net/tun"),
    O_RDWR | O_NONBLOCK | O_CLOEXEC,
  );
  if (fd < 0) throw describeOpenFailure(errnoName(libc.errno()));
  try {
    return setUp(fd, options, support);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function setUp(
  fd: number,
  options: TunOptions,
  { libc, sockets, openReader }: TunSupport,
): Device {
  const { mtu, log } = options;
  const headers = knowsHeaders(fd, libc);
  const name = attach(fd, headers, options, libc);
  const mask = headers ? grantOffload(fd, libc) : withoutOffload(fd, libc);
  configureLink(name, options, libc);
  const offload = probe({ fd, name, libc }, mask);
  const stopTcpOffload = (): void => {
    libc.ioctlValue(fd, TUNSETOFFLOAD, mask & ~TUN_F_TSO);
  };
  if ((mask & TUN_F_TSO) !== 0 && !offload.tcp) stopTcpOffload();
  const request = new Uint8Array(IFREQ_LENGTH);
  return new LinuxTun({
    ...{ fd, name, mtu, headers, offload, stopTcpOffload },
    ...{ libc, openReader, log },
    exists: () => libc.ioctl(fd, TUNGETIFF, request) === 0,
    watchNetwork: (onChange) =>
      new NetworkWatch({
        ...{ onChange, sockets, openReader },
        subscribe: () => subscribe(libc),
      }),
  });
}

function knowsHeaders(fd: number, libc: Libc): boolean {
  const features = new Uint32Array(1);
  const octets = new Uint8Array(features.buffer);
  return libc.ioctl(fd, TUNGETFEATURES, octets) === 0 &&
    ((features[0] ?? 0) & IFF_VNET_HDR) !== 0;
}

/** The name that the kernel gave. */
function attach(
  fd: number,
  headers: boolean,
  { name }: TunOptions,
  libc: Libc,
): string {
  const wanted = cString(name);
  // The kernel would cut a longer name without a word.
  if (name === "" || wanted.length > IFNAMSIZ) {
    throw new DeviceError(
      "ioctl(TUNSETIFF)",
      "EINVAL",
      `Cannot name a device "${name}": a name has 1 to ${IFNAMSIZ - 1} octets`,
      "Choose another name=",
    );
  }
  const request = ifreq(wanted);
  const flags = IFF_TUN | IFF_NO_PI | (headers ? IFF_VNET_HDR : 0);
  request.view.setUint16(IFREQ_VALUE, flags, true);
  if (libc.ioctl(fd, TUNSETIFF, request.bytes) < 0) {
    const errno = errnoName(libc.errno());
    throw describeAttachFailure(name, errno, libc);
  }
  const given = request.bytes.subarray(0, IFNAMSIZ);
  return new TextDecoder().decode(given.subarray(0, given.indexOf(0)));
}

/** What the kernel may leave to us when it hands packets out, as far as it knows the bits. */
function grantOffload(fd: number, libc: Libc): number {
  const size = int32(VIRTIO_NET_HDR);
  check(libc.ioctl(fd, TUNSETVNETHDRSZ, size), "ioctl(TUNSETVNETHDRSZ)", libc);
  const tcp = TUN_F_CSUM | TUN_F_TSO;
  return [tcp | TUN_F_USO, tcp, TUN_F_CSUM].find((mask) =>
    libc.ioctlValue(fd, TUNSETOFFLOAD, mask) === 0
  ) ?? withoutOffload(fd, libc);
}

/** Said aloud: the mask belongs to the device, and a persistent one keeps that of its last user. */
function withoutOffload(fd: number, libc: Libc): 0 {
  libc.ioctlValue(fd, TUNSETOFFLOAD, 0);
  return 0;
}

function probe(
  options: { fd: number; name: string; libc: Libc },
  mask: number,
): Offload {
  return {
    checksum: (mask & TUN_F_CSUM) !== 0,
    tcp: (mask & TUN_F_TSO) !== 0 && probeTcpOffload(options),
    udp: (mask & TUN_F_USO) !== 0 && probeUdpOffload(options),
  };
}

function configureLink(
  name: string,
  { mtu, queueLength = QUEUE_LENGTH }: TunOptions,
  libc: Libc,
): void {
  const refused = setQueueLength(name, queueLength, libc);
  if (refused !== undefined) throw failure("netlink(IFLA_TXQLEN)", refused);
  const socket = check(
    libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
    "socket",
    libc,
  );
  try {
    const { bytes, view } = ifreq(cString(name));
    view.setInt32(IFREQ_VALUE, mtu, true);
    if (libc.ioctl(socket, SIOCSIFMTU, bytes) < 0) {
      throw new DeviceError(
        "ioctl(SIOCSIFMTU)",
        errnoName(libc.errno()),
        `Cannot use MTU ${mtu} for "${name}": ${errnoName(libc.errno())}`,
        "Choose an mtu= from 68 to 65535, at least 1280 for IPv6",
      );
    }
    view.setInt32(IFREQ_VALUE, 0, true);
    check(libc.ioctl(socket, SIOCGIFFLAGS, bytes), "ioctl(SIOCGIFFLAGS)", libc);
    const flags = view.getUint16(IFREQ_VALUE, true) | IFF_UP;
    view.setUint16(IFREQ_VALUE, flags, true);
    check(libc.ioctl(socket, SIOCSIFFLAGS, bytes), "ioctl(SIOCSIFFLAGS)", libc);
  } finally {
    libc.close(socket);
  }
}

function ifreq(
  name: Uint8Array,
): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  const bytes = new Uint8Array(IFREQ_LENGTH);
  bytes.set(name);
  return { bytes, view: new DataView(bytes.buffer) };
}

function check(result: number, syscall: string, libc: Libc): number {
  if (result >= 0) return result;
  throw failure(syscall, errnoName(libc.errno()));
}

function failure(
  syscall: string,
  errno: ReturnType<typeof errnoName>,
): DeviceError {
  return new DeviceError(
    syscall,
    errno,
    `Cannot set the device up: ${syscall} says ${errno}`,
    errno === "EPERM" ? NEEDS_NET_ADMIN : undefined,
  );
}
