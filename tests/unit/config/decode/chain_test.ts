import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  configOf,
  errorsOf,
  tungoOf,
  warningsOf,
} from "../../../support/config.ts";

/** A tungo with the chain c. */
function file(rest: string): { readonly yaml: string } {
  return {
    yaml: `
services:
- name: a
  handler: {type: tungo, chain: c}
  listener: {type: tungo}
${rest}
`,
  };
}

const NODE = "{name: n, addr: h:1, connector: {type: relay}}";

Deno.test("decodeChain reads hops of one node each, nearest first", () => {
  const chain = tungoOf({
    L: ["tungo://:0"],
    F: ["socks5://a:1", "relay+tls://b:2?bypass=x"],
  }).route.chain;
  assertEquals(
    chain?.hops.map(({ name, bypasses, nodes: [node] }) => [
      name,
      bypasses.map(({ name }) => name),
      node?.type === "proxy" && `${node.host}:${node.port}`,
    ]),
    [["hop-0", [], "a:1"], ["hop-1", ["bypass-0"], "b:2"]],
  );
});

Deno.test("decodeChain takes a hop without nodes for a reference [B.5]", () => {
  const chain = tungoOf(file(`
chains: [{name: c, hops: [{name: far}]}]
hops: [{name: far, nodes: [${NODE}]}]`)).route.chain;
  assertEquals(chain?.hops[0]?.name, "far");
  assertEquals(chain?.hops[0]?.at.line, 8);
});

Deno.test("decodeChain names hops and nodes that have no name", () => {
  const chain = tungoOf(
    file(
      "chains: [{name: c, hops: [{nodes: [{addr: h:1, connector: {type: relay}}]}]}]",
    ),
  ).route.chain;
  assertEquals(chain?.hops[0]?.name, "hop-0");
  assertEquals(chain?.hops[0]?.nodes[0]?.name, "node-0");
});

Deno.test("decodeChain makes one object of a chain, or a bypass, that is referred to twice", () => {
  const { services } = configOf({
    L: ["tungo://:0", "relay://:1"],
    F: ["relay://h:1"],
  });
  assertStrictEquals(services[0]?.route.chain, services[1]?.route.chain);
  const { hops = [] } = tungoOf(file(`
bypasses: [{name: b, matchers: [x]}]
chains: [{name: c, hops: [{nodes: [${NODE}], bypass: b}, {nodes: [${NODE}], bypasses: [b]}]}]`))
    .route.chain ?? {};
  assertEquals(hops.length, 2);
  assertStrictEquals(hops[0]?.bypasses[0], hops[1]?.bypasses[0]);
});

Deno.test("decodeChain accepts a selector that has nothing to select, and what goes with it", () => {
  const written = file(`
chains:
- name: c
  metadata: {backup: true}
  hops:
  - name: h
    selector: {strategy: fifo, maxFails: 3, failTimeout: 5s}
    nodes:
    - {name: n, addr: h:1, connector: {type: relay}, metadata: {weight: 2, backup: true, maxFails: 1}}
`);
  assertEquals(warningsOf(written), []);
  assertEquals(tungoOf(written).route.chain?.name, "c");
});

Deno.test("decodeChain refuses what would change the way and is not there yet [H.2]", () => {
  const rows: [string, string[]][] = [
    [
      `chains: [{name: c, hops: [{name: h, nodes: [${NODE}], redis: {addr: x}}]}]`,
      [
        'a.yaml:6:101: "redis" is not supported yet (chains[0].hops[0].redis)',
      ],
    ],
  ];
  for (const [rest, errors] of rows) assertEquals(errorsOf(file(rest)), errors);
});

Deno.test("decodeChain refuses what GOST takes for direct [D.9, K20]", () => {
  const rows: [string, string[]][] = [
    ["chains: [{name: c}]", [
      'a.yaml:6:10: Cannot use a chain without hops: without "c" flows would go direct (chains[0])',
    ]],
    ["chains: [{name: c, hops: [{name: h, nodes: []}]}]", [
      "a.yaml:6:44: Cannot use a hop without nodes: name one (chains[0].hops[0].nodes)",
    ]],
    ["chains: [{name: c, hops: [{name: h}]}]", [
      'a.yaml:6:34: Unknown hop "h": there are no hops (chains[0].hops[0].name)',
    ]],
    [
      `chains: [{name: c, hops: [{name: h, bypass: b}]}]\nhops: [{name: h, nodes: [${NODE}]}]`,
      [
        "a.yaml:6:27: Cannot use a hop without nodes: only a name alone refers to one of hops (chains[0].hops[0])",
      ],
    ],
    [
      `chains: [{name: c, hops: [{name: h, selector: {strategy: fiffo}, nodes: [${NODE}]}]}]`,
      [
        'a.yaml:6:58: Unknown strategy "fiffo": did you mean "fifo"? (chains[0].hops[0].selector.strategy)',
      ],
    ],
    [
      `chains: [{name: c, hops: [{name: h, selector: {strategy: x}, nodes: [${NODE}]}]}]`,
      [
        'a.yaml:6:58: Unknown strategy "x": use round, random, fifo, hash, parallel, lowestlatency (chains[0].hops[0].selector.strategy)',
      ],
    ],
  ];
  for (const [rest, errors] of rows) assertEquals(errorsOf(file(rest)), errors);
});

Deno.test("decodeChain reads several nodes: what they say themselves, then the selector, then GOST's defaults [B.6, D.7, H.1 selectors]", () => {
  const written = (selector: string) =>
    file(`
chains:
- name: c
  hops:
  - name: h
    ${selector}
    nodes:
    - {name: a, addr: h:1, connector: {type: relay}, metadata: {weight: 2, backup: true, maxFails: 5, failTimeout: 3}}
    - {name: b, addr: h:2, connector: {type: relay}}
`);
  const rows = [
    ["", "round", 1, 10_000],
    [
      "selector: {strategy: HA, maxFails: 3, failTimeout: 5s}",
      "fifo",
      3,
      5_000,
    ],
    ["selector: {strategy: rand}", "random", 1, 10_000],
  ] as const;
  for (const [selector, strategy, maxFails, failTimeout] of rows) {
    const hop = tungoOf(written(selector)).route.chain?.hops[0];
    assertEquals(hop?.strategy, strategy);
    assertEquals(
      hop?.nodes.map(({ name, weight, backup, maxFails, failTimeout }) => [
        name,
        weight,
        backup,
        maxFails,
        failTimeout,
      ]),
      [["a", 2, true, 5, 3_000], ["b", 1, false, maxFails, failTimeout]],
    );
  }
});

Deno.test("decodeChain makes a node of each host of -F, with the selector of the command line [A.6, I.1.3]", () => {
  const hop = tungoOf({
    L: ["tungo://:0"],
    F: [
      "socks5://u:p@a:1080,b:1080?strategy=fifo&bypass=~.x.org,10.0.0.0/8&node.weight=3",
    ],
  }).route.chain?.hops[0];
  assertEquals(hop?.strategy, "fifo");
  assertEquals(hop?.bypasses.map(({ whitelist }) => whitelist), [true]);
  assertEquals(
    hop?.nodes.map((node) => [
      node.name,
      node.type === "proxy" && node.host,
      node.weight,
      node.maxFails,
      node.failTimeout,
    ]),
    [["node-0", "a", 3, 1, 30_000], ["node-1", "b", 3, 1, 30_000]],
  );
});
