import { assertEquals, assertStrictEquals } from "@std/assert";
import type { HopConfig } from "../../../../src/config/chain_schema.ts";
import { formatProblem } from "../../../../src/config/problems.ts";
import { tungoOf, warningsOf } from "../../../support/config.ts";

/** A hop whose nodes come from nodes.json, and what else it says. */
function written(more = ""): { readonly yaml: string } {
  return {
    yaml: `
services: [{name: s, handler: {type: tungo, chain: c}, listener: {type: tungo}}]
bypasses: [{name: b, matchers: [x]}, {name: unused, matchers: [x]}]
chains: [{name: c, hops: [{name: h, bypass: b, file: {path: nodes.json}, ${more}}]}]
`,
  };
}

function hopOf(more?: string): HopConfig {
  const hop = tungoOf(written(more)).route.chain?.hops[0];
  if (hop === undefined) throw new Error("there is no hop");
  return hop;
}

Deno.test("decodeOwnHop takes a hop with a loader alone for one itself, not for a reference [H.2 loader alone]", () => {
  const { nodes, loader } = hopOf("reload: 30s");
  assertEquals(nodes, []);
  assertEquals(loader.reload, 30_000);
  assertEquals(loader.sources.map(({ file }) => file), ["nodes.json"]);
});

Deno.test("decodeOwnHop reads nodes of a file as it reads its own: the hop's interface and selector, and references", () => {
  const hop = hopOf(
    "metadata: {interface: eth7}, selector: {maxFails: 3}",
  );
  const { nodes, errors, warnings } = hop.loader.readNodes(
    "nodes.json",
    JSON.stringify([
      { addr: "h:1", bypass: "b", connector: { type: "relay" } },
      { name: "m", addr: "h:2", connector: { type: "socks5" } },
    ]),
  );
  assertEquals([errors, warnings], [[], []]);
  assertEquals(
    nodes.map(({ name, at, maxFails, egress }) => [
      name,
      at.file,
      maxFails,
      egress.interfaces[0]?.name,
    ]),
    [["node-0", "nodes.json", 3, "eth7"], ["m", "nodes.json", 3, "eth7"]],
  );
  // The bypass is the very object that the hop has.
  assertStrictEquals(nodes[0]?.bypasses[0], hop.bypasses[0]);
});

Deno.test("decodeOwnHop says what is wrong with nodes of a file by its lines", () => {
  const { readNodes } = hopOf().loader;
  const rows: [string, string[]][] = [
    ["", []],
    ["[]", []],
    ["{", [
      "nodes.json:1:2: Cannot read this as YAML: Flow map must end with a }",
    ]],
    ["{nodes: []}", [
      "nodes.json:1:1: Cannot find a list: write one like [{…}, {…}]",
    ]],
    [
      "- {addr: 'h:1', connector: {type: relay}}\n- {addr: h, connector: {type: relay}}",
      [
        'nodes.json:2:10: Cannot use the address "h" as it must be host:port, the port 1 to 65535 (nodes[1].addr)',
      ],
    ],
    ["- {addr: 'h:1', bypass: c, connector: {type: relay}}", [
      'nodes.json:1:25: Unknown bypass "c": there is b, unused (nodes[0].bypass)',
    ]],
    ["- {addr: 'h:1', adr: 2, connector: {type: relay}}", [
      'nodes.json:1:17: Unknown key "adr": did you mean "addr"? (nodes[0])',
    ]],
  ];
  for (const [text, expected] of rows) {
    const { errors } = readNodes("nodes.json", text);
    assertEquals(errors.map(formatProblem), expected, text);
  }
});

Deno.test("decodeOwnHop does not call unused what nodes of a file may refer to", () => {
  assertEquals(warningsOf(written()), []);
});
