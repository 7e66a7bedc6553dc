import { assertEquals } from "@std/assert";
import { parseHostName } from "../../../src/proto/host_name.ts";

Deno.test("parseHostName takes names as they are found, in lower case [RFC 1123 §2.1]", () => {
  const label = "a".repeat(63);
  const rows: [string, string][] = [
    ["example.com", "example.com"],
    ["WWW.Example.COM", "www.example.com"],
    ["example.com.", "example.com"],
    ["localhost", "localhost"],
    ["my-host.lan", "my-host.lan"],
    ["-a-._b_.com", "-a-._b_.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["1.2.3.4.in-addr.arpa", "1.2.3.4.in-addr.arpa"],
    ["4chan", "4chan"],
    [`${label}.${label}`, `${label}.${label}`],
  ];
  for (const [text, name] of rows) {
    assertEquals(parseHostName(text), name, text);
  }
});

Deno.test("parseHostName refuses addresses and what is no name", () => {
  const label = "a".repeat(63);
  const rows = [
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a.com..",
    "1.2.3.4",
    "1.2.3.4.",
    "127.1",
    "0x7f000001",
    "a.0x",
    "2130706433",
    "example.256",
    "::1",
    "[::1]",
    "a b",
    "a\n",
    "a/b",
    "a:80",
    "*.a",
    "bücher.example",
    "\u212a.com", // the kelvin sign, whose lower case is "k"
    `${label}a.com`,
    `${label}.${label}.${label}.${label}`,
  ];
  for (const text of rows) {
    assertEquals(parseHostName(text), undefined, JSON.stringify(text));
  }
});
