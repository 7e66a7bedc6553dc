import { assertEquals } from "@std/assert";
import {
  bypassGroup,
  type BypassOptions,
  type Candidate,
} from "../../../src/rules/bypass.ts";
import { matcherSet } from "../../../src/rules/matcher_set.ts";

function list(
  name: string,
  matchers: readonly string[],
  more: Partial<BypassOptions> = {},
): BypassOptions {
  const at = (line: number) => ({ file: "a.yaml", line, column: 3 });
  return {
    name,
    at: at(10),
    whitelist: false,
    network: undefined,
    matchers: [{
      current: matcherSet(matchers.map((text, i) => ({ text, at: at(i + 1) }))),
    }],
    ...more,
  };
}

function white(name: string, ...matchers: string[]): BypassOptions {
  return list(name, matchers, { whitelist: true });
}

function to(...hosts: string[]): Candidate[] {
  return hosts.map((host) => ({ host, port: 443 }));
}

Deno.test("bypassGroup decides for one list as GOST does [D.5, I.3]", () => {
  const udp = { network: "udp" };
  const rows: [BypassOptions, string, string[], boolean][] = [
    [list("b", ["a.com"]), "tcp", ["a.com"], true],
    [list("b", ["a.com"]), "tcp", ["b.com"], false],
    [list("b", ["a.com"]), "tcp", [], false],
    [list("b", []), "tcp", ["a.com"], false],
    [white("w", ".a.com"), "tcp", ["x.a.com"], false],
    [white("w", ".a.com"), "tcp", ["b.org"], true],
    [white("w", ".a.com"), "tcp", [], false],
    [white("w"), "tcp", ["a.com"], false],
    [list("b", [], udp), "udp", ["a.com"], true],
    [list("b", [], udp), "tcp", ["a.com"], false],
    [list("w", [], { ...udp, whitelist: true }), "udp", ["a.com"], false],
    [list("w", [], { ...udp, whitelist: true }), "tcp", ["a.com"], false],
    [
      list("w", [".a.com"], { network: "tcp", whitelist: true }),
      "tcp",
      ["b.org"],
      true,
    ],
    [
      list("w", [".a.com"], { network: "tcp", whitelist: true }),
      "udp",
      ["b.org"],
      false,
    ],
    [list("b", ["a.com"], { network: "tcp" }), "tcp6", ["a.com"], false],
  ];
  for (const [options, network, hosts, bypassed] of rows) {
    const verdict = bypassGroup([options])(network, to(...hosts));
    assertEquals(verdict.bypassed, bypassed, verdict.because);
  }
});

Deno.test("bypassGroup joins whitelists and adds blacklists [I.3, H.1 bypass groups]", () => {
  const decide = bypassGroup([
    white("w1", ".a.com"),
    white("w2", ".b.com"),
    list("b", ["x.a.com"]),
  ]);
  const rows: [string, boolean][] = [
    ["x.a.com", true],
    ["y.a.com", false],
    ["z.b.com", false],
    ["c.com", true],
  ];
  for (const [host, bypassed] of rows) {
    assertEquals(decide("tcp", to(host)).bypassed, bypassed, host);
  }
});

Deno.test("bypassGroup compares the address and the name of a flow [H.2]", () => {
  const both = to("10.0.0.1", "www.example.com");
  assertEquals(
    bypassGroup([list("b", [".example.com"])])("tcp", both).bypassed,
    true,
  );
  assertEquals(
    bypassGroup([list("b", ["10.0.0.0/8"])])("tcp", both).bypassed,
    true,
  );
  assertEquals(
    bypassGroup([white("w", ".example.com")])("tcp", both).bypassed,
    false,
  );
  assertEquals(
    bypassGroup([white("w", "10.0.0.0/8")])("tcp", both).bypassed,
    false,
  );
});

Deno.test("bypassGroup says which line decided", () => {
  const rows: [BypassOptions[], string, string[], string][] = [
    [
      [list("b", ["x", ".a.com"])],
      "tcp",
      ["www.a.com"],
      "www.a.com matches .a.com, a.yaml:2:3",
    ],
    [
      [list("b", ["x"])],
      "tcp",
      ["1.2.3.4", "www.a.com"],
      "1.2.3.4 and www.a.com not in b, a.yaml:10:3",
    ],
    [
      [white("w", "x"), white("v", "y")],
      "tcp",
      ["a.com"],
      "a.com not in w, a.yaml:10:3",
    ],
    [
      [white("w", "x"), white("v", "y")],
      "tcp",
      ["y"],
      "y matches y, a.yaml:1:3",
    ],
    [
      [list("b", [], { network: "udp" })],
      "udp",
      ["a.com"],
      "b, a.yaml:10:3 is for all udp",
    ],
    [
      [list("b", ["x"], { network: "udp" })],
      "tcp",
      ["x"],
      "b, a.yaml:10:3 is for udp alone",
    ],
    [[list("b", [])], "tcp", ["x"], "b, a.yaml:10:3 has no matchers"],
    [[list("b", ["x"])], "tcp", [], "the destination is unknown"],
    [[], "tcp", ["x"], "there is no bypass"],
  ];
  for (const [members, network, hosts, because] of rows) {
    assertEquals(bypassGroup(members)(network, to(...hosts)).because, because);
  }
});

Deno.test("bypassGroup says whether a name could still change what it decides for an address", () => {
  const names = ["192.0.2.1", "a.example"];
  const addresses = ["192.0.2.1", "10.0.0.0/8"];
  const rows: [string, BypassOptions[], boolean, boolean][] = [
    ["nothing", [], false, true],
    ["a hit", [list("b", names)], true, true],
    ["no hit among addresses", [list("b", ["10.0.0.0/8"])], false, true],
    ["no hit yet", [list("b", ["a.example"])], false, false],
    ["no hit yet, by a wildcard", [list("b", ["*.example"])], false, false],
    ["allowed", [white("w", ...addresses)], false, true],
    ["not allowed", [white("w", "10.0.0.0/8")], true, true],
    ["not allowed yet", [white("w", ".example")], true, false],
    [
      "allowed, but perhaps not the name",
      [white("w", ...addresses), list("b", ["a.example"])],
      false,
      false,
    ],
    [
      "neither is for this",
      [list("b", ["a.example"], { network: "udp" })],
      false,
      true,
    ],
    [
      "allowed nowhere, and a hit",
      [white("w", "a.example"), list("b", addresses)],
      true,
      true,
    ],
  ];
  for (const [what, members, bypassed, final] of rows) {
    const verdict = bypassGroup(members)("tcp", to("192.0.2.1"));
    assertEquals([verdict.bypassed, verdict.final], [bypassed, final], what);
  }
});
