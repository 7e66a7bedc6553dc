import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compilePatterns } from "../../../src/rules/pattern_set.ts";

/** "example.com:80", "[::1]:80", "example.com". */
function match(patterns: readonly string[], flow: string): number {
  const [, bracketed, plain, port] =
    /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(flow) ?? [];
  const host = bracketed ?? plain ?? "";
  return compilePatterns(patterns).match(host, Number(port ?? 0));
}

Deno.test("match follows GOST's table of patterns [I.3, H.1 bypass patterns]", () => {
  const rows: [string, string[], string[]][] = [
    ["example.com", ["example.com:443", "EXAMPLE.com:1"], [
      "www.example.com:443",
      "example.com.:443",
    ]],
    [".example.com", ["example.com:1", "a.b.example.com:1"], [
      "notexample.com:1",
    ]],
    ["*.example.com", ["www.example.com:1", "a.b.example.com:1"], [
      "example.com:1",
    ]],
    ["*example.com", ["example.com:1", "notexample.com:1"], ["example.org:1"]],
    ["??.example.com", ["ab.example.com:1"], ["abc.example.com:1"]],
    ["example.com:443", ["example.com:443"], ["example.com:80", "example.com"]],
    ["example.com:80-443", ["example.com:100"], ["example.com:8080"]],
    [".example.com:443", ["www.example.com:443"], ["www.example.com:80"]],
    ["*.example.com:80", ["a.example.com:80"], ["a.example.com:443"]],
    ["example.com:http", ["example.com:1"], []],
    ["10.0.0.0/8", ["10.1.2.3:80", "[::ffff:10.1.2.3]:80"], [
      "11.0.0.1:80",
      "host.lan:80",
    ]],
    ["fd00::/8", ["[fd00::1]:443"], ["[fe80::1]:443"]],
    ["0.0.0.0/0", ["0.0.0.0:1", "255.255.255.255:1"], ["[::]:1", "a:1"]],
    ["192.168.1.1", ["192.168.1.1:22", "192.168.1.1:443"], ["192.168.1.2:22"]],
    ["192.168.1.1:22", ["192.168.1.1:22"], ["192.168.1.1:80"]],
    ["172.20.0.1-172.30.0.255", ["172.25.1.1:9"], ["172.31.0.1:9"]],
    ["192.168.*", ["192.168.3.4:80"], ["192.169.0.1:80"]],
    ["[::1]:80", ["[::1]:80"], ["[::1]:81"]],
    ["localhost", ["localhost:80"], ["127.0.0.1:80"]],
    ["my-host.lan", ["my-host.lan:80"], []],
  ];
  for (const [pattern, yes, no] of rows) {
    for (const flow of yes) assertEquals(match([pattern], flow), 0, flow);
    for (const flow of no) assertEquals(match([pattern], flow), -1, flow);
  }
});

Deno.test("match does not take an IPv4-mapped address for IPv4 in ranges [D.5]", () => {
  assertEquals(match(["10.1.2.3"], "[::ffff:10.1.2.3]:80"), -1);
});

Deno.test("match reads an address with a port in any of its spellings", () => {
  assertEquals(match(["[2001:DB8:0::1]:80"], "[2001:db8::1]:80"), 0);
});

Deno.test("match ignores the host bits of a prefix", () => {
  assertEquals(match(["192.168.7.9/17"], "192.168.0.1:1"), 0);
  assertEquals(match(["192.168.7.9/17"], "192.168.128.1:1"), -1);
});

Deno.test("match finds the pattern that is nearest to the host", () => {
  const patterns = [
    ".com",
    "10.0.0.0/8",
    "a.example.com",
    ".example.com",
    "10.1.0.0/16",
    "*.b.example.com",
    ".example.com:80",
    "*exa*",
    "not/a/pattern",
  ];
  const rows: [string, number][] = [
    ["a.example.com:1", 2],
    ["x.a.example.com:1", 3],
    ["x.b.example.com:1", 5],
    ["b.example.com:1", 3],
    ["example.org:1", 7],
    ["other.com:1", 0],
    ["10.1.1.1:1", 4],
    ["10.2.1.1:1", 1],
    ["example.net.org:80", 7],
  ];
  for (const [flow, index] of rows) {
    assertEquals(match(patterns, flow), index, flow);
  }
});

Deno.test("match takes the first of patterns that differ in their ports alone", () => {
  const patterns = ["a.b:1-9", "a.b:5", "a.b:8-12"];
  assertEquals(match(patterns, "a.b:5"), 0);
  assertEquals(match(patterns, "a.b:10"), 2);
  assertEquals(match(patterns, "a.b:13"), -1);
});

Deno.test("match finds one of many patterns exactly where one of them alone matches", () => {
  const label = fc.constantFrom("a", "b", "1");
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) =>
    labels.join(".")
  );
  const pattern = fc.tuple(
    fc.constantFrom("", ".", "*.", "*", "?"),
    host,
    fc.constantFrom("", ":1", ":1-2", "/8"),
  ).map((parts) => parts.join(""));
  fc.assert(fc.property(
    fc.array(pattern, { maxLength: 6 }),
    host,
    fc.nat(3),
    (patterns, host, port) => {
      const alone = patterns.some((text) =>
        compilePatterns([text]).match(host, port) === 0
      );
      const index = compilePatterns(patterns).match(host, port);
      assertEquals(index >= 0, alone);
      if (index >= 0) {
        const found = compilePatterns([patterns[index] ?? ""]);
        assertEquals(found.match(host, port), 0);
      }
    },
  ));
});
