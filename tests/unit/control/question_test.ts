import { assertEquals } from "@std/assert";
import { parseDestination } from "../../../src/control/question.ts";

Deno.test("parseDestination() reads names and addresses, with a port or for HTTPS", () => {
  const rows = [
    ["Example.com", "example.com", 443],
    ["example.com:80", "example.com", 80],
    ["Bücher.example:80", "xn--bcher-kva.example", 80],
    ["192.0.2.1", "192.0.2.1", 443],
    ["192.0.2.1:53", "192.0.2.1", 53],
    ["2001:db8::1", "2001:db8::1", 443],
    ["[2001:db8::1]", "2001:db8::1", 443],
    ["[2001:db8::1]:53", "2001:db8::1", 53],
  ] as const;
  for (const [text, host, port] of rows) {
    assertEquals(parseDestination(text), { host, port });
  }
});

Deno.test("parseDestination() has nothing for what is neither", () => {
  const texts = [
    "",
    ":443",
    "a:0",
    "a:65536",
    "a:https",
    "[a]:1",
    "a b",
    "::x",
  ];
  assertEquals(texts.filter((text) => parseDestination(text)), []);
});
