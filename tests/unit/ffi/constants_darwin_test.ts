import { assertEquals } from "@std/assert";
import {
  CTL_INFO,
  CTLIOCGINFO,
  FIOCLEX,
  FIONBIO,
  IFREQ,
  IOVEC,
  KEVENT,
  MSGHDR_X,
  SIOCGIFFLAGS,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
  SOCKADDR_CTL,
} from "../../../ffi/constants_darwin.ts";

// bsd/sys/ioccom.h: direction, length of the argument, group, number.
const IOC_VOID = 0x20000000;
const IOC_OUT = 0x40000000;
const IOC_IN = 0x80000000;

function ioc(
  direction: number,
  group: string,
  number: number,
  size: number,
): number {
  const length = (size & 0x1fff) << 16;
  return (direction | length | group.charCodeAt(0) << 8 | number) >>> 0;
}

Deno.test("ioctl numbers are those that the macros make [bsd/sys/ioccom.h]", () => {
  const rows: [number, number, string][] = [
    [CTLIOCGINFO, ioc(IOC_IN | IOC_OUT, "N", 3, CTL_INFO.size), "CTLIOCGINFO"],
    [SIOCSIFFLAGS, ioc(IOC_IN, "i", 16, IFREQ.size), "SIOCSIFFLAGS"],
    [SIOCGIFFLAGS, ioc(IOC_IN | IOC_OUT, "i", 17, IFREQ.size), "SIOCGIFFLAGS"],
    [SIOCSIFMTU, ioc(IOC_IN, "i", 52, IFREQ.size), "SIOCSIFMTU"],
    [FIONBIO, ioc(IOC_IN, "f", 126, 4), "FIONBIO"],
    [FIOCLEX, ioc(IOC_VOID, "f", 1, 0), "FIOCLEX"],
  ];
  for (const [constant, macro, name] of rows) {
    assertEquals(constant.toString(16), macro.toString(16), name);
  }
});

/** Offsets and size of a C structure of members with these sizes, each aligned to its own size, but to `most` at most. */
function layout(
  members: Readonly<Record<string, number>>,
  most: number = 8,
): Record<string, number> {
  const offsets: Record<string, number> = {};
  let at = 0;
  let alignment = 1;
  for (const [name, size] of Object.entries(members)) {
    const own = Math.min(size, most);
    at = Math.ceil(at / own) * own;
    offsets[name] = at;
    at += size;
    alignment = Math.max(alignment, own);
  }
  return { ...offsets, size: Math.ceil(at / alignment) * alignment };
}

Deno.test("offsets are those that the compiler gives the structures [bsd/sys]", () => {
  const kevent = layout({
    ...{ ident: 8, filter: 2, flags: 2, fflags: 4, data: 8, udata: 8 },
  });
  assertEquals({ ...KEVENT }, { ...kevent } as typeof KEVENT);

  const { iov, iovlen, datalen, size } = layout({
    ...{ name: 8, namelen: 4, iov: 8, iovlen: 4 },
    ...{ control: 8, controllen: 4, flags: 4, datalen: 8 },
  });
  assertEquals({ ...MSGHDR_X }, { size, iov, iovlen, datalen } as never);

  const iovec = layout({ base: 8, length: 8 });
  assertEquals({ ...IOVEC }, iovec as typeof IOVEC);

  const { reserved, ...ctl } = layout({
    ...{ length: 1, family: 1, sysaddr: 2, id: 4, unit: 4 },
    reserved: 20,
  }, 4);
  assertEquals(reserved, 12);
  assertEquals({ ...SOCKADDR_CTL }, ctl as typeof SOCKADDR_CTL);
});
