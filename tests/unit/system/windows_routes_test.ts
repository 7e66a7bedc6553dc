import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseForwardRows } from "../../../src/system/windows_routes.ts";
import { formatPrefix, parseAddress } from "../../../src/wire/address.ts";

const INTERFACES = new Map([
  [6n << 48n, { name: "Ethernet", metric: 25 }],
  [53n << 48n, { name: "tungo", metric: 1 }],
]);

const FAMILIES: Readonly<Record<number, number>> = { 4: 2, 16: 23 };

/** A MIB_IPFORWARD_ROW2 of 104 octets. */
function row(
  luid: bigint,
  [destination, length]: readonly [string, number],
  nextHop: string,
  metric: number,
): number[] {
  const octets = new Uint8Array(104);
  const view = new DataView(octets.buffer);
  view.setBigUint64(0, luid, true);
  for (const [at, text] of [[12, destination], [44, nextHop]] as const) {
    const address = parseAddress(text) ?? new Uint8Array();
    view.setUint16(at, FAMILIES[address.length] ?? 0, true);
    octets.set(address, at + (address.length === 4 ? 4 : 8));
  }
  view.setUint8(40, length);
  view.setUint32(84, metric, true);
  return [...octets];
}

function read(...rows: number[][]): string[] {
  const octets = Uint8Array.from(rows.flat());
  return parseForwardRows(octets, (luid) => INTERFACES.get(luid)).map((
    { prefix, gateway, interface: name, metric },
  ) => `${formatPrefix(prefix)} ${gateway ?? "-"} ${name} ${metric}`);
}

Deno.test("parseForwardRows reads rows of both families, the interface's metric on top [netioapi.h]", () => {
  assertEquals(
    read(
      row(6n << 48n, ["0.0.0.0", 0], "192.168.1.1", 0),
      row(53n << 48n, ["0.0.0.0", 1], "0.0.0.0", 0),
      row(6n << 48n, ["::", 0], "fe80::1", 256),
      row(53n << 48n, ["8000::", 1], "::", 0),
    ),
    [
      "0.0.0.0/0 192.168.1.1 Ethernet 25",
      "0.0.0.0/1 - tungo 1",
      "::/0 fe80::1 Ethernet 281",
      "8000::/1 - tungo 1",
    ],
  );
});

Deno.test("parseForwardRows leaves out interfaces that are gone", () => {
  assertEquals(read(row(7n << 48n, ["10.0.0.0", 8], "0.0.0.0", 0)), []);
});

Deno.test("parseForwardRows never throws on random octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (rows) => {
    if (rows.length > 48) rows.set([2, 0], 12);
    parseForwardRows(rows, () => ({ name: "Ethernet", metric: 0 }));
  }));
});
