import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  addRange,
  type AddressTable,
  createAddressRanges,
  createAddressTable,
  findAddress,
} from "../../../src/rules/address_table.ts";
import { parseAddress } from "../../../src/wire/address.ts";

function address(text: string): Uint8Array {
  return parseAddress(text) ?? new Uint8Array();
}

function table(...rows: readonly [string, string][]): AddressTable {
  const ranges = createAddressRanges();
  for (const [label, [first, last]] of rows.entries()) {
    addRange(ranges, address(first), address(last), label);
  }
  return createAddressTable(ranges);
}

Deno.test("findAddress finds the innermost range", () => {
  const ranges = table(
    ["10.0.0.0", "10.255.255.255"],
    ["10.1.0.0", "10.1.255.255"],
    ["10.1.1.1", "10.1.1.1"],
    ["0.0.0.0", "255.255.255.255"],
    ["10.1.1.1", "10.1.1.1"],
  );
  const rows = [
    ["9.255.255.255", 3],
    ["10.0.0.0", 0],
    ["10.1.0.0", 1],
    ["10.1.1.0", 1],
    ["10.1.1.1", 2],
    ["10.1.1.2", 1],
    ["10.2.0.0", 0],
    ["11.0.0.0", 3],
    ["255.255.255.255", 3],
    ["::", -1],
  ] as const;
  for (const [host, label] of rows) {
    assertEquals(findAddress(ranges, address(host)), label, host);
  }
});

Deno.test("findAddress compares all 128 bits of IPv6", () => {
  const ranges = table(
    ["2001:db8::ffff:ffff", "2001:db8::1:0:0"],
    [
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ],
  );
  const rows = [
    ["2001:db8::ffff:fffe", -1],
    ["2001:db8::ffff:ffff", 0],
    ["2001:db8::1:0:0", 0],
    ["2001:db8::1:0:1", -1],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", -1],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1],
    ["32.1.13.184", -1],
  ] as const;
  for (const [host, label] of rows) {
    assertEquals(findAddress(ranges, address(host)), label, host);
  }
});

Deno.test("findAddress finds a range exactly where a search through all of them does", () => {
  const octet = fc.integer({ min: 0, max: 12 });
  const range = fc.tuple(octet, octet).map(([a, b]) =>
    a < b ? [a, b] as const : [b, a] as const
  );
  fc.assert(fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
    const found = table(
      ...ranges.map(([a, b]): [string, string] => [`0.0.0.${a}`, `0.0.0.${b}`]),
    );
    for (let last = 0; last <= 13; last++) {
      const label = findAddress(found, address(`0.0.0.${last}`));
      const holders = [...ranges.keys()].filter((i) => {
        const [from, to] = ranges[i] ?? [1, 0];
        return from <= last && last <= to;
      });
      assertEquals(label >= 0, holders.length > 0);
      if (label >= 0) assertEquals(holders.includes(label), true);
    }
  }));
});
