import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeDnsName, readDnsName } from "../../../src/proto/dns_name.ts";
import { concat, hex } from "../../support/octets.ts";

/** What a message begins with; offsets of pointers count it. */
const HEADER = new Uint8Array(12).fill(1);

function read(octets: string, start = 12) {
  return readDnsName(concat([HEADER, hex(octets)]), start);
}

Deno.test("encodeDnsName writes labels [RFC 1035 §3.1]", () => {
  const rows: [string, string][] = [
    ["example.com", "07 6578616d706c65 03 636f6d 00"],
    ["example.com.", "07 6578616d706c65 03 636f6d 00"],
    [".", "00"],
    ["", "00"],
  ];
  for (const [name, octets] of rows) {
    assertEquals(encodeDnsName(name), hex(octets), name);
  }
});

Deno.test("encodeDnsName keeps to 63 and 255 octets [RFC 1035 §2.3.4]", () => {
  const label = "a".repeat(63);
  const longest = `${label}.${label}.${label}.${"a".repeat(61)}`;
  assertEquals(encodeDnsName(longest)?.length, 255);
  assertEquals(encodeDnsName(`${longest}a`), undefined);
  assertEquals(encodeDnsName(`${label}a`), undefined);
  assertEquals(encodeDnsName("a..b"), undefined);
  assertEquals(encodeDnsName(".a"), undefined);
});

Deno.test("readDnsName reads names in lower case, and where they end", () => {
  assertEquals(read("07 4578616d706c65 03 636f6d 00 eeee"), {
    name: "example.com",
    end: 25,
  });
  assertEquals(read("00"), { name: ".", end: 13 });
});

Deno.test("readDnsName follows pointers backwards [RFC 1035 §4.1.4]", () => {
  const octets = "03 636f6d 00 | 01 61 c00c | 01 62 c011";
  assertEquals(read(octets, 17), { name: "a.com", end: 21 });
  assertEquals(read(octets, 21), { name: "b.a.com", end: 25 });
});

Deno.test("readDnsName refuses what does not end or is not well-formed", () => {
  const rows: [string, string, number?][] = [
    ["nothing", ""],
    ["no root", "01 61"],
    ["label is cut", "05 6162"],
    ["half a pointer", "c0"],
    ["to itself", "c00c"],
    ["forwards", "c00e 00"],
    ["round and round", "01 61 c00c"],
    ["to each other", "c00e c00c", 14],
    ["into the header", "c000"],
    ["label type 40", "40 61 00"],
    ["label type 80", "80 61 00"],
    ["a dot in a label", "03 612e62 00"],
    ["a space", "01 20 00"],
    ["DEL", "01 7f 00"],
    ["half a pointer far from the header", `${"0161".repeat(127)} c1`, 266],
    ["not ASCII", "01 e4 00"],
    ["256 octets", `${`3f${"61".repeat(63)}`.repeat(4)} 00`],
  ];
  for (const [what, octets, start] of rows) {
    assertEquals(read(octets, start), undefined, what);
  }
});

Deno.test("readDnsName(encodeDnsName(x)) = x", () => {
  const longest = [63, 63, 63, 61].map((n) => "a".repeat(n)).join(".");
  const octets = encodeDnsName(longest) ?? hex("");
  assertEquals(readDnsName(octets, 0), { name: longest, end: 255 });

  const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
  const labels = fc.array(label, { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(labels, (labels) => {
    const name = labels.join(".");
    const octets = encodeDnsName(name) ?? hex("");
    assertEquals(readDnsName(octets, 0), { name, end: octets.length });
  }));
});

Deno.test("readDnsName never throws, and ends", () => {
  const octet = fc.oneof(fc.constantFrom(0xc0, 0xc1, 0x01, 0x61), fc.nat(255));
  fc.assert(fc.property(fc.array(octet, { maxLength: 300 }), (octets) => {
    readDnsName(Uint8Array.from(octets), 12);
  }));
});
