import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

/** A hop with two nodes, of which the first one says `more`. */
function file(more: string): { readonly yaml: string } {
  return {
    yaml: `
services: [{name: s, handler: {type: tungo, chain: c}, listener: {type: tungo}}]
bypasses: [{name: b, matchers: [x]}]
chains:
- name: c
  hops:
  - name: h
    nodes:
    - {name: n, addr: h:1, connector: {type: relay}, ${more}}
    - {name: m, addr: h:2, connector: {type: relay}, bypass: b}
`,
  };
}

function ruleOf(more: string): unknown {
  const rule = tungoOf(file(more)).route.chain?.hops[0]?.nodes[0]?.rule;
  return rule && [rule.rule, rule.priority];
}

Deno.test("decodeRule reads the functions of a rule [D.7]", () => {
  const rows: [string, unknown][] = [
    ["Host(`Www.a.com`)", { type: "host", host: "www.a.com" }],
    ["hostregexp(`^a\\.`)", {
      type: "hostRegexp",
      expression: "^a\\.",
      flags: "u",
    }],
    ["HostRegexp(`(?i)^(?P<x>A)`)", {
      type: "hostRegexp",
      expression: "^(?<x>A)",
      flags: "iu",
    }],
    ["NETWORK(`UDP`)", { type: "network", network: "udp" }],
    ["ClientIP(`10.0.0.0/8`)", { type: "clientIP", pattern: "10.0.0.0/8" }],
    ["!Host(`a`) && Network(`tcp`)", {
      type: "and",
      of: [{ type: "not", of: { type: "host", host: "a" } }, {
        type: "network",
        network: "tcp",
      }],
    }],
  ];
  for (const [rule, expected] of rows) {
    const matcher = `matcher: {rule: ${JSON.stringify(rule)}}`;
    assertEquals(ruleOf(matcher), [expected, rule.length], rule);
  }
});

Deno.test("decodeRule takes Bypass for what the bypass does not hit [D.7]", () => {
  const [rule] = ruleOf('matcher: {rule: "Bypass(`b`)"}') as [
    { type: string; of: { type: string; bypass: { name: string } } },
  ];
  assertEquals([rule.type, rule.of.type, rule.of.bypass.name], [
    "not",
    "bypass",
    "b",
  ]);
});

Deno.test("decodeRule takes the length of a rule for its priority where none is given [D.7]", () => {
  const rows = [[0, 9], [7, 7], [-1, -1]] as const;
  for (const [given, priority] of rows) {
    const [, taken] = ruleOf(
      `matcher: {rule: "Host(\`a\`)", priority: ${given}}`,
    ) as [unknown, number];
    assertEquals(taken, priority);
  }
});

Deno.test("decodeRule reads a legacy filter as GOST does [D.7]", () => {
  const suffix = {
    type: "hostRegexp",
    expression: "a\\.com$",
    flags: "u",
  };
  const rows: [string, unknown][] = [
    ["filter: {host: A.com}", [{ type: "host", host: "a.com" }, 0]],
    ["filter: {host: .a.com}", [suffix, 0]],
    ['filter: {host: "*.a.com"}', [suffix, 0]],
    ['filter: {host: "*a.com"}', [suffix, 0]],
    ["filter: {protocol: http}", [{ type: "never" }, 0]],
    ["filter: {}", undefined],
  ];
  for (const [filter, expected] of rows) {
    assertEquals(ruleOf(filter), expected, filter);
  }
});

Deno.test("decodeRule says what it cannot use, and where", () => {
  const rows: [string, string][] = [
    [
      "Host(`a`",
      'Cannot use the rule "Host(`a`": at character 9 a ")" is missing',
    ],
    ["Hots(`a`)", 'Unknown function "Hots": did you mean "Host"?'],
    [
      "Network(`a`, `b`)",
      "Cannot use Network at character 1 of the rule: it takes one text",
    ],
    [
      "HostRegexp(`(`)",
      'Cannot use HostRegexp at character 1 of the rule: "(" is no regular expression',
    ],
    [
      "HostRegexp(`[[:alpha:]]`)",
      'Cannot use HostRegexp at character 1 of the rule: "[[:alpha:]]" is no regular expression',
    ],
    [
      "ClientIP(`lan`)",
      "Cannot use ClientIP at character 1 of the rule: it takes an address or a prefix",
    ],
    ["Bypass(`bb`)", 'Unknown bypass "bb": there is b'],
  ];
  for (const [rule, error] of rows) {
    const written = file(`matcher: {rule: ${JSON.stringify(rule)}}`);
    assertEquals(errorsOf(written), [
      `a.yaml:9:70: ${error} (chains[0].hops[0].nodes[0].matcher.rule)`,
    ]);
  }
});

Deno.test("decodeRule warns of what matches nothing in a chain [D.7]", () => {
  const rows: [string, string][] = [
    [
      'matcher: {rule: "!Method(`GET`)"}',
      "a.yaml:9:70: Method matches nothing: a chain never knows it (chains[0].hops[0].nodes[0].matcher.rule)",
    ],
    [
      "filter: {path: /x}",
      'a.yaml:9:69: "path" keeps all flows away from this node: a chain never knows it (chains[0].hops[0].nodes[0].filter.path)',
    ],
  ];
  for (const [more, warning] of rows) {
    assertEquals(warningsOf(file(more)), [warning]);
  }
});
