import { DeviceError } from "../src/base/errors.ts";
import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from "./socket_options_linux.ts";

// linux/rtnetlink.h
const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV4_ROUTE = 0x40;
const RTMGRP_IPV6_IFADDR = 0x100;
const RTMGRP_IPV6_ROUTE = 0x400;
/** struct sockaddr_nl { family; pad; pid; groups } */
const SOCKADDR_NL_LENGTH = 12;
const SOCKADDR_NL_GROUPS = 8;

/** A socket that gets the kernel's news of links, addresses and routes; the caller's to close. */
export function subscribe(libc: Libc): number {
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = libc.socket(AF_NETLINK, type, NETLINK_ROUTE);
  const address = new DataView(new ArrayBuffer(SOCKADDR_NL_LENGTH));
  address.setUint16(0, AF_NETLINK, true);
  address.setUint32(
    SOCKADDR_NL_GROUPS,
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
      RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
    true,
  );
  const octets = new Uint8Array(address.buffer);
  if (fd >= 0 && libc.bind(fd, octets, octets.length) === 0) return fd;
  const errno = errnoName(libc.errno());
  if (fd >= 0) libc.close(fd);
  throw new DeviceError(
    "socket(AF_NETLINK)",
    errno,
    `Cannot watch the network for changes: ${errno}`,
  );
}
