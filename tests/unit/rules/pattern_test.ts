import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parsePattern, patternProblem } from "../../../src/rules/pattern.ts";

Deno.test("parsePattern takes the first kind that fits [D.5, H.1 bypass patterns]", () => {
  const rows: [string, string][] = [
    ["10.0.0.0/8", "prefix"],
    ["fd00::/8", "prefix"],
    ["*.example.com", "below"],
    ["*.example.com:443", "below"],
    ["*example.com", "glob"],
    ["192.168.*", "glob"],
    ["2001:db8:*", "glob"],
    ["[ab]*.x", "glob"],
    ["192.168.1.1", "range"],
    ["fd00::1", "range"],
    ["[fd00::1]", "range"],
    ["172.20.0.1-172.30.0.255", "range"],
    ["172.20.0.1 - 172.30.0.255", "range"],
    ["192.168.1.1:22", "name"],
    ["[::1]:80", "name"],
    ["my-host.lan", "name"],
    ["example.com:http", "name"],
    ["1.2.3.4-example", "name"],
  ];
  for (const [text, kind] of rows) {
    assertEquals(parsePattern(text).kind, kind, text);
  }
});

Deno.test("patternProblem says what would do", () => {
  const rows: [string, string][] = [
    ["", "it is empty"],
    ["10.0.0.0/33", "only prefixes have a slash: write one like 10.0.0.0/8"],
    [
      "https://example.com",
      "only prefixes have a slash: write one like 10.0.0.0/8",
    ],
    ["*.[a-", 'the bracket has no end: add "]"'],
    ["10.0.0.9-10.0.0.1", "the range is empty: write 10.0.0.1-10.0.0.9"],
    ["10.0.0.1-::1", "both ends of a range must be of one family"],
    ["a:b:c", "it is neither an address nor a name"],
    ["fe80::1%eth0", "it is neither an address nor a name"],
    ["two words", "it is neither an address nor a name"],
    ["example.com:90-80", "its range of ports is empty"],
    ["*.example.com:90-80", "its range of ports is empty"],
  ];
  for (const [text, problem] of rows) {
    assertEquals(patternProblem(text), problem, text);
  }
  assertEquals(patternProblem("example.com"), undefined);
});

Deno.test("parsePattern never throws", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(..."a1.:-*?[]{},\\/ ") }),
  );
  fc.assert(fc.property(text, (text) => {
    parsePattern(text);
  }));
});
