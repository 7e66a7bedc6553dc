import { assertEquals } from "@std/assert";
import {
  allOf,
  anyOf,
  clientIp,
  host,
  hostRegexp,
  network,
  not,
  type Rule,
  type Subject,
} from "../../../src/rules/rule.ts";

function matches(rule: Rule, name: string, more: Partial<Subject> = {}) {
  return rule({
    network: "tcp",
    source: { host: "10.0.0.2", port: 40_000 },
    destination: [
      { host: "192.0.2.1", port: 443 },
      { host: name, port: 443 },
    ],
    ...more,
  });
}

Deno.test("host matches a name, or proper subdomains alone [D.7]", () => {
  const rows: [string, string[], string[]][] = [
    ["a.com", ["a.com", "A.com"], ["x.a.com", "ba.com"]],
    [".a.com", ["x.a.com", "y.x.A.com"], ["a.com", "ba.com"]],
    ["*.a.com", ["x.a.com"], ["a.com"]],
    ["192.0.2.1", ["any"], []],
  ];
  for (const [pattern, yes, no] of rows) {
    for (const name of yes) assertEquals(matches(host(pattern), name), true);
    for (const name of no) assertEquals(matches(host(pattern), name), false);
  }
});

Deno.test("hostRegexp matches anywhere in the name in lower case [D.7]", () => {
  assertEquals(matches(hostRegexp(/^w+\.a/u), "WWW.A.com"), true);
  assertEquals(matches(hostRegexp(/a$/u), "a.com"), false);
});

Deno.test("network matches what the network starts with [D.7]", () => {
  const tcp6 = { network: "tcp6" };
  assertEquals(matches(network("tcp"), "a", tcp6), true);
  assertEquals(matches(network("tcp6"), "a"), false);
  assertEquals(matches(network("udp"), "a"), false);
});

Deno.test("clientIp matches the source", () => {
  assertEquals(matches(clientIp("10.0.0.0/8"), "a"), true);
  assertEquals(matches(clientIp("10.0.0.1"), "a"), false);
});

Deno.test("allOf, anyOf and not join rules", () => {
  const [yes, no]: Rule[] = [() => true, () => false];
  const rows: [Rule | undefined, boolean][] = [
    [allOf([() => true, () => true]), true],
    [allOf([() => true, () => false]), false],
    [anyOf([() => false, () => true]), true],
    [anyOf([() => false]), false],
    [yes && not(yes), false],
    [no && not(no), true],
  ];
  for (const [rule, expected] of rows) {
    assertEquals(rule && matches(rule, "a"), expected);
  }
});
