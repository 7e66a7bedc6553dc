import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseRouteDump } from "../../../src/system/darwin_routes.ts";
import type { RouteEntry } from "../../../src/system/routes.ts";
import { formatPrefix } from "../../../src/wire/address.ts";

const NAMES = new Map([[1, "lo0"], [4, "en0"], [5, "en1"], [12, "utun4"]]);

// RTF_UP, RTF_GATEWAY, RTF_HOST, RTF_REJECT, RTF_WASCLONED, RTF_IFSCOPE
const UP = 0x1;
const GATEWAY = 0x2;
const HOST = 0x4;
const REJECT = 0x8;
const WASCLONED = 0x20000;
const IFSCOPE = 0x1000000;

// RTA_DST, RTA_GATEWAY, RTA_NETMASK
const DST = 1;
const VIA = 2;
const MASK = 4;

/** A `struct rt_msghdr` of 92 octets, and the addresses behind it. */
function message(
  index: number,
  flags: number,
  addrs: number,
  ...sockaddrs: number[][]
): number[] {
  const rest = sockaddrs.flat();
  const length = 92 + rest.length;
  const header = new DataView(new ArrayBuffer(92));
  header.setUint16(0, length, true);
  header.setUint8(2, 5);
  header.setUint8(3, 4);
  header.setUint16(4, index, true);
  header.setInt32(8, flags, true);
  header.setInt32(12, addrs, true);
  return [...new Uint8Array(header.buffer), ...rest];
}

function ipv4(...octets: number[]): number[] {
  const zeros = Array.from({ length: 12 - octets.length }, () => 0);
  return [16, 2, 0, 0, ...octets, ...zeros];
}

function ipv6(...octets: number[]): number[] {
  const zeros = Array.from({ length: 16 - octets.length }, () => 0);
  return [28, 30, 0, 0, 0, 0, 0, 0, ...octets, ...zeros, 0, 0, 0, 0];
}

/** A struct sockaddr_dl, which stands for an interface. */
const LINK = [20, 18, 4, 0, 6, 3, 6, 0, ...Array.from({ length: 12 }, () => 7)];
/** Nothing but a length of 0, as a mask of a default route is. */
const EMPTY = [0, 0, 0, 0];

function rows(...messages: number[][]): string[] {
  const dump = Uint8Array.from(messages.flat());
  return parseRouteDump(dump, (index) => NAMES.get(index)).map(row);
}

function row({ prefix, gateway, interface: name, metric }: RouteEntry): string {
  return `${formatPrefix(prefix)} ${gateway ?? "-"} ${name} ${metric}`;
}

Deno.test("parseRouteDump reads routes as macOS dumps them [route(4)]", () => {
  const all = DST | VIA | MASK;
  const rowsRead = rows(
    message(4, UP | GATEWAY, all, ipv4(0), ipv4(192, 168, 1, 1), EMPTY),
    message(
      ...[5, UP | GATEWAY | IFSCOPE, all] as const,
      ...[ipv4(0), ipv4(10, 8, 0, 1), EMPTY],
    ),
    // The mask ends with its last octet that is not 0: 255.255.255
    message(
      ...[4, UP, all, ipv4(192, 168, 1), LINK] as const,
      [7, 0, 0, 0, 255, 255, 255, 0],
    ),
    message(12, UP, all, ipv4(128), LINK, [5, 0, 0, 0, 128, 0, 0, 0]),
    message(1, UP | HOST, DST | VIA, ipv4(127, 0, 0, 1), ipv4(127, 0, 0, 1)),
  );
  assertEquals(rowsRead, [
    "0.0.0.0/0 192.168.1.1 en0 0",
    "0.0.0.0/0 10.8.0.1 en1 1000",
    "192.168.1.0/24 - en0 0",
    "128.0.0.0/1 - utun4 0",
    "127.0.0.1/32 - lo0 0",
  ]);
});

Deno.test("parseRouteDump takes the interface out of link-local addresses", () => {
  const gateway = ipv6(0xfe, 0x80, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  const all = DST | VIA | MASK;
  assertEquals(
    rows(
      message(4, UP | GATEWAY, all, ipv6(), gateway, EMPTY),
      message(12, UP, all, ipv6(0x80), LINK, [
        9,
        30,
        0,
        0,
        0,
        0,
        0,
        0,
        128,
        0,
        0,
        0,
      ]),
    ),
    ["::/0 fe80::1 en0 0", "8000::/1 - utun4 0"],
  );
});

Deno.test("parseRouteDump leaves out what leads nowhere, and interfaces that are gone", () => {
  const all = DST | VIA | MASK;
  assertEquals(
    rows(
      message(4, UP | REJECT, all, ipv4(10), LINK, EMPTY),
      message(4, GATEWAY, all, ipv4(10), ipv4(10, 0, 0, 1), EMPTY),
      message(4, UP | HOST | WASCLONED, DST | VIA, ipv4(10, 0, 0, 9), LINK),
      message(99, UP, all, ipv4(10), LINK, EMPTY),
    ),
    [],
  );
});

Deno.test("parseRouteDump never throws on random octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (dump) => {
    const [first = 0] = dump;
    // A plausible length leads further in.
    if (dump.length > 92) dump.set([92 + (first & 0x3c), 0, 5, 4, 4, 0], 0);
    parseRouteDump(dump, () => "en0");
  }));
});
