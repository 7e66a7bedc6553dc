import { errnoName } from "./errno.ts";
import { cString, type Libc } from "./libc.ts";
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from "./socket_options_linux.ts";

// linux/netlink.h, linux/rtnetlink.h, linux/if_link.h
const RTM_SETLINK = 19;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const IFLA_TXQLEN = 13;
/** struct nlmsghdr { u32 len; u16 type; u16 flags; u32 seq; u32 pid }, answered by the same with an `int error` behind it. */
const NLMSG_TYPE = 4;
const NLMSG_FLAGS = 6;
const NLMSG_HEADER = 16;
/** struct ifinfomsg { u8 family; u8 pad; u16 type; int index; u32 flags; u32 change } */
const IFINFO_INDEX = NLMSG_HEADER + 4;
const IFINFO_LENGTH = 16;
/** struct rtattr { u16 len; u16 type } and a u32. */
const ATTRIBUTE = NLMSG_HEADER + IFINFO_LENGTH;
const ATTRIBUTE_LENGTH = 8;
const LENGTH = ATTRIBUTE + ATTRIBUTE_LENGTH;

/**
 * Packets that the kernel holds for the device's reader. Said by netlink, because ioctl(SIOCSIFTXQLEN) asks for
 * CAP_NET_ADMIN of the machine where a namespace's own would do (net/core/dev_ioctl.c). The name of the errno, or undefined.
 */
export function setQueueLength(
  name: string,
  queueLength: number,
  libc: Libc,
): ReturnType<typeof errnoName> | undefined {
  const socket = libc.socket(
    AF_NETLINK,
    SOCK_RAW | SOCK_CLOEXEC,
    NETLINK_ROUTE,
  );
  if (socket < 0) return errnoName(libc.errno());
  try {
    const request = encode(libc.if_nametoindex(cString(name)), queueLength);
    const reply = new Uint8Array(4096);
    if (
      libc.send(socket, request, request.length, 0) < 0 ||
      libc.recv(socket, reply, reply.length, 0) < 0
    ) return errnoName(libc.errno());
    const error = new DataView(reply.buffer).getInt32(NLMSG_HEADER, true);
    return error === 0 ? undefined : errnoName(-error);
  } finally {
    libc.close(socket);
  }
}

function encode(index: number, queueLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LENGTH, true);
  view.setUint16(NLMSG_TYPE, RTM_SETLINK, true);
  view.setUint16(NLMSG_FLAGS, NLM_F_REQUEST | NLM_F_ACK, true);
  view.setInt32(IFINFO_INDEX, index, true);
  view.setUint16(ATTRIBUTE, ATTRIBUTE_LENGTH, true);
  view.setUint16(ATTRIBUTE + 2, IFLA_TXQLEN, true);
  view.setUint32(ATTRIBUTE + 4, queueLength, true);
  return bytes;
}
