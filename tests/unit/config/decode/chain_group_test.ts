import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf } from "../../../support/config.ts";

function file(handler: string, more = ""): { readonly yaml: string } {
  const chain = (name: string, metadata = "{}") =>
    `{name: ${name}, metadata: ${metadata}, hops: [{name: h, nodes: [{name: n, addr: h:1, connector: {type: relay}}]}]}`;
  return {
    yaml: `
services: [{name: s, ${more} handler: {type: tungo, ${handler}}, listener: {type: tungo}}]
chains:
- ${chain("a")}
- ${chain("b", "{weight: 3, backup: true, maxFails: 5, failTimeout: 7s}")}
- ${chain("c")}
`,
  };
}

Deno.test("decodeChainGroup reads chains by name, each with its rule, that of `chain` first [B.2, D.8]", () => {
  const { chain, group } = tungoOf(
    file(
      "chain: c, chainGroup: {chains: [a, {chain: b, matcher: {rule: Network(`udp`)}}], selector: {strategy: fifo, maxFails: 2}}",
    ),
  ).route;
  assertEquals([chain, group?.strategy], [undefined, "fifo"]);
  assertEquals(
    group?.entries.map(({ chain, rule, maxFails, failTimeout }) => [
      chain.name,
      chain.weight,
      chain.backup,
      rule?.text,
      maxFails,
      failTimeout,
    ]),
    [
      ["c", 1, false, undefined, 2, 10_000],
      ["a", 1, false, undefined, 2, 10_000],
      ["b", 3, true, "Network(`udp`)", 5, 7_000],
    ],
  );
});

Deno.test("decodeChainGroup says what it cannot use, and where", () => {
  const rows: [string, string][] = [
    [
      "chainGroup: {chains: []}",
      "a.yaml:2:58: Cannot use a group without chains: flows would go direct (services[0].handler.chainGroup)",
    ],
    [
      "chainGroup: {chains: [d]}",
      'a.yaml:2:68: Unknown chain "d": there is a, b, c (services[0].handler.chainGroup.chains[0].chain)',
    ],
    [
      "chainGroup: {chains: [a, b], selector: {strategy: parallel}}",
      "a.yaml:2:96: Cannot use the strategy parallel for chains: use round, random, fifo, hash, lowestlatency (services[0].handler.chainGroup.selector.strategy)",
    ],
  ];
  for (const [handler, error] of rows) {
    assertEquals(errorsOf(file(handler)), [error]);
  }
});

Deno.test("decodeChainGroup gives way to ignoreChain, which leaves nothing but direct [B.4]", () => {
  const { chain, group } = tungoOf(
    file(
      "chain: c, chainGroup: {chains: [a]}",
      "metadata: {ignoreChain: true},",
    ),
  ).route;
  assertEquals([chain, group], [undefined, undefined]);
});
