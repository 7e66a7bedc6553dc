import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import {
  encodeSocksAddress,
  parseSocksAddress,
  socksAddressLength,
} from "../../../src/proto/socks_address.ts";
import { expectOctets, hex } from "../../support/octets.ts";

const LONGEST = "a".repeat(255);

Deno.test("encodeSocksAddress picks ATYP by the host [RFC 1928 §5]", () => {
  const rows: [string, number, string][] = [
    ["1.2.3.4", 443, "01 01020304 01bb"],
    ["::ffff:1.2.3.4", 443, "01 01020304 01bb"],
    ["2001:db8::1", 65_535, "04 20010db8000000000000000000000001 ffff"],
    ["example.com", 80, "03 0b 6578616d706c652e636f6d 0050"],
    ["fe80::1%eth0", 80, "03 0c 666538303a3a312565746830 0050"],
    ["", 0, "03 00 0000"],
    ["ä", 1, "03 02 c3a4 0001"],
    [LONGEST, 1, `03 ff ${"61".repeat(255)} 0001`],
  ];
  for (const [host, port, octets] of rows) {
    assertEquals(encodeSocksAddress({ host, port }), hex(octets), host);
  }
});

Deno.test("encodeSocksAddress fails for a name of 256 octets", () => {
  const error = encodeSocksAddress({ host: `${LONGEST}a`, port: 1 });
  assertEquals(
    error instanceof ProtocolError && error.message,
    "Cannot carry a name of 256 octets as 255 is the most",
  );
});

Deno.test("parseSocksAddress reads an address, and ignores what follows", () => {
  const rows: [string, string, number][] = [
    ["01 01020304 01bb", "1.2.3.4", 443],
    ["01 01020304 01bb eeee", "1.2.3.4", 443],
    ["04 20010db8000000000000000000000001 01bb", "2001:db8::1", 443],
    ["04 00000000000000000000ffff01020304 01bb", "1.2.3.4", 443],
    ["03 01 61 0050", "a", 80],
    ["03 00 0000", "", 0],
    ["03 01 ff 0050", "\ufffd", 80],
  ];
  for (const [octets, host, port] of rows) {
    assertEquals(parseSocksAddress(hex(octets)), { host, port }, octets);
    assertEquals(parseSocksAddress(hex(`eeee${octets}`), 2), { host, port });
  }
});

Deno.test("parseSocksAddress refuses unknown types and addresses that are cut", () => {
  const rows = [
    "",
    "01",
    "01 01020304 01",
    "02 01020304 01bb",
    "03 02 61 0050",
    "04 20010db8000000000000000000000001 01",
  ];
  for (const octets of rows) {
    assertEquals(parseSocksAddress(hex(octets)), undefined, octets);
  }
});

Deno.test("parseSocksAddress(encodeSocksAddress(x)) = x, in as many octets as socksAddressLength says", () => {
  const host = fc.oneof(fc.ipV4(), fc.domain());
  fc.assert(fc.property(host, fc.nat({ max: 0xffff }), (host, port) => {
    const octets = expectOctets(encodeSocksAddress({ host, port }));
    assertEquals(parseSocksAddress(octets), { host, port });
    const [atyp = 0, next = 0] = octets;
    assertEquals(socksAddressLength(atyp, next), octets.length);
  }));
});

Deno.test("parseSocksAddress never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), (octets) => {
    parseSocksAddress(octets);
  }));
});
