import { assertEquals, assertMatch } from "@std/assert";
import {
  type Choice,
  select,
  type SelectOptions,
} from "../../../src/outbound/select.ts";
import { bypassGroup } from "../../../src/rules/bypass.ts";
import { matcherSet } from "../../../src/rules/matcher_set.ts";
import { tcpFlow } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

interface TestNode {
  readonly name: string;
  readonly failed?: boolean;
  readonly backup?: boolean;
  readonly weight?: number;
  /** A pattern that leaves it out. */
  readonly bypass?: string;
  /** Of a rule that is for all flows, or for none. */
  readonly priority?: number;
  /** Of its probe. */
  readonly latency?: number | "failed" | "unknown";
  readonly never?: boolean;
}

function choice(
  { name, failed, backup, weight, bypass, priority, never, latency }: TestNode,
): Choice {
  const at = { file: "a.yaml", line: 1, column: 1 };
  const matchers = [{ current: matcherSet([{ text: bypass ?? "", at }]) }];
  return {
    name,
    at,
    identity: name,
    bypass: bypass === undefined ? undefined : bypassGroup([
      { name: "b", at, whitelist: false, network: undefined, matchers },
    ]),
    rule: priority === undefined
      ? undefined
      : { text: "a rule", at, priority, matches: () => !never },
    weight: weight ?? 1,
    backup: backup ?? false,
    health: { isFailed: () => failed ?? false },
    ...(latency === undefined ? {} : {
      probe: {
        latency: () => latency === "unknown" ? undefined : latency,
        want: () => {},
      },
    }),
  };
}

/** The names of the nodes that as many flows as `count` go through. */
function choose(
  nodes: TestNode[],
  count: number,
  options: Partial<SelectOptions<Choice>> = {},
  hosts: string[] = [],
): string[] {
  const choose = select({
    strategy: "round",
    all: () => nodes.map(choice),
    random: () => 0,
    ...options,
  });
  return Array.from({ length: count }, (_, i) => {
    const src = { host: hosts[i] ?? "10.0.0.1", port: 1 + i };
    return choose("tcp", tcpFlow(streamPair()[0], { src })).chosen
      .map(({ name }) => name).join(" ");
  });
}

const [A, B, C] = [{ name: "a" }, { name: "b" }, { name: "c" }];

Deno.test("select() takes one after the other by round, and keeps its count when one has failed [I.5]", () => {
  assertEquals(choose([A, B, C], 4), ["a", "b", "c", "a"]);
  let failed = false;
  const b = { ...choice(B), health: { isFailed: () => failed } };
  const all = [choice(A), b, choice(C)];
  const next = select({ strategy: "round", all: () => all, random: () => 0 });
  const target = tcpFlow(streamPair()[0]);
  const take = (): string | undefined => next("tcp", target).chosen[0]?.name;
  assertEquals(take(), "a");
  failed = true;
  assertEquals([take(), take(), take()], ["c", "a", "c"]);
});

Deno.test("select() takes the first that may be taken when all have failed, never none [D.7, K3]", () => {
  const failed = [A, B].map((node) => ({ ...node, failed: true }));
  assertEquals(choose(failed, 2), ["a", "a"]);
  const target = tcpFlow(streamPair()[0]);
  const nodes = [{ ...A, bypass: target.dst.host }, { ...B, failed: true }];
  assertEquals(choose(nodes, 1), ["b"]);
});

Deno.test("select() stays with the first by fifo until it fails [I.5]", () => {
  const fifo = { strategy: "fifo" } as const;
  assertEquals(choose([A, B], 3, fifo), ["a", "a", "a"]);
  assertEquals(choose([{ ...A, failed: true }, B], 2, fifo), ["b", "b"]);
});

Deno.test("select() takes a backup only where no other is left [I.5]", () => {
  const c = { ...C, backup: true };
  const failed = [A, B].map((node) => ({ ...node, failed: true }));
  assertEquals(choose([c, A, B], 3), ["a", "b", "a"]);
  assertEquals(choose([...failed, c], 2), ["c", "c"]);
  assertEquals(choose([c], 1), ["c"]);
});

Deno.test("select() gives each its share of random by its weight [D.7]", () => {
  const nodes = [A, { ...B, weight: 3 }];
  const rows = [[0, "a"], [0.24, "a"], [0.25, "b"], [0.999, "b"]] as const;
  for (const [at, name] of rows) {
    const options = { strategy: "random", random: () => at } as const;
    assertEquals(choose(nodes, 1, options), [name]);
  }
});

Deno.test("select() takes the same for all flows of a source by hash, CRC-32 of its address [H.2 hash]", () => {
  // CRC-32 of "10.0.0.1" is odd, that of "10.0.0.4" even, by zlib's crc32().
  const hosts = ["10.0.0.1", "10.0.0.4", "10.0.0.1", "10.0.0.4"];
  const taken = choose([A, B], 4, { strategy: "hash" }, hosts);
  assertEquals(taken, ["b", "a", "b", "a"]);
});

Deno.test("select() leaves out what a bypass hits, and says which when that is all [D.6, H.1 bypass levels]", () => {
  const target = tcpFlow(streamPair()[0]);
  const bypass = target.dst.host;
  assertEquals(choose([{ ...A, bypass }, B], 2), ["b", "b"]);
  const all = [choice({ ...A, bypass })];
  const next = select({ strategy: "round", all: () => all, random: () => 0 });
  const { chosen, because } = next("tcp", target);
  assertEquals(chosen, []);
  assertMatch(because, / matches .*, a\.yaml:1:1$/);
});

Deno.test("select() keeps a flow on the node that it goes through already, unless a bypass leaves that out", () => {
  const nodes = [A, { name: "b", failed: true }, { name: "c", bypass: "*" }];
  const choose = select({
    strategy: "round",
    all: () => nodes.map(choice),
    random: () => 0,
  });
  const rows = [["b", "b"], ["c", "a"], ["gone", "a"]] as const;
  for (const [kept, chosen] of rows) {
    const flow = tcpFlow(streamPair()[0], { keep: new Set([kept]) });
    assertEquals(choose("tcp", flow).chosen[0]?.name, chosen);
  }
});

Deno.test("select() does not keep a flow on a node when another is for it more specially", () => {
  const all = [A, { ...B, priority: 20 }].map(choice);
  const choose = select({ strategy: "round", all: () => all, random: () => 0 });
  const flow = tcpFlow(streamPair()[0], { keep: new Set(["a"]) });
  assertEquals(choose("tcp", flow).chosen[0]?.name, "b");
});

Deno.test("select() takes those of the highest priority, and chooses among them [I.5]", () => {
  const rows: [TestNode[], string[]][] = [
    [
      [{ ...A, priority: 20 }, { ...B, priority: 10 }, { ...C, priority: 10 }],
      ["a", "a"],
    ],
    [
      [{ ...A, priority: 20 }, { ...B, priority: 20 }, { ...C, priority: 10 }],
      ["a", "b"],
    ],
    [
      [{ ...A, priority: 20, backup: true }, { ...B, priority: 10 }],
      ["b", "b"],
    ],
    [[{ ...A, priority: 20, failed: true }, { ...B, priority: 10 }, C], [
      "b",
      "b",
    ]],
    // Negative: for what it matches, but after those that have no rule.
    [[{ ...A, priority: -1 }, B], ["b", "b"]],
    [[{ ...A, priority: -1 }, { ...B, failed: true }], ["a", "a"]],
  ];
  for (const [nodes, taken] of rows) assertEquals(choose(nodes, 2), taken);
});

Deno.test("select() leaves out what is for other flows, and says which rule it was [D.7]", () => {
  const never = { ...A, priority: 20, never: true };
  assertEquals(choose([never, B], 1), ["b"]);
  assertEquals(choose([never, { ...B, failed: true }], 1), ["b"]);
  const all = [choice(never)];
  const next = select({ strategy: "round", all: () => all, random: () => 0 });
  assertEquals(next("tcp", tcpFlow(streamPair()[0])), {
    chosen: [],
    because: "a is for a rule, a.yaml:1:1",
  });
});

Deno.test("select() takes all that may be taken by parallel [D.7]", () => {
  const parallel = { strategy: "parallel" } as const;
  const failed = { ...C, failed: true };
  assertEquals(choose([A, B, failed], 1, parallel), ["a b"]);
  assertEquals(choose([A, { ...B, backup: true }], 1, parallel), ["a"]);
});

Deno.test("select() takes the quickest by lowestlatency, and the first as long as none has been probed [D.7]", () => {
  const rows: [TestNode["latency"][], string][] = [
    [[30, 20, 25], "b"],
    [["failed", 20, 10], "c"],
    [["unknown", 20], "b"],
    [["unknown", "failed"], "a"],
    [["failed", "failed"], "a"],
    [[undefined, undefined], "a"],
  ];
  for (const [latencies, taken] of rows) {
    const nodes = latencies.map((latency, i) => ({
      name: "abc".charAt(i),
      ...(latency === undefined ? {} : { latency }),
    }));
    const lowest = { strategy: "lowestlatency" } as const;
    assertEquals(choose(nodes, 1, lowest), [taken], String(latencies));
  }
});

Deno.test("select() leaves out what is too slow or has failed its probe, where there are others [D.7]", () => {
  const slow = { ...A, latency: 200 };
  const failed = { ...B, latency: "failed" } as const;
  const rows: [TestNode[], string[]][] = [
    [[slow, failed, C], ["c", "c"]],
    [[slow, { ...B, latency: 10 }, { ...C, latency: "unknown" }], ["b", "c"]],
    [[slow, failed], ["a", "b"]],
  ];
  for (const [nodes, taken] of rows) {
    assertEquals(choose(nodes, 2, { maxLatency: 100 }), taken);
  }
});
