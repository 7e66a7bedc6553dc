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
}

function choice({ name, failed, backup, weight, bypass }: TestNode): Choice {
  const at = { file: "a.yaml", line: 1, column: 1 };
  const matchers = [{ current: matcherSet([{ text: bypass ?? "", at }]) }];
  return {
    name,
    at,
    way: `relay+tcp ${name}:1`,
    identity: name,
    egress: () => [],
    bypass: bypass === undefined ? undefined : bypassGroup([
      { name: "b", at, whitelist: false, network: undefined, matchers },
    ]),
    weight: weight ?? 1,
    backup: backup ?? false,
    health: { isFailed: () => failed ?? false },
    through: () => {
      throw new Error("nothing is dialled here");
    },
  };
}

/** The names of the nodes that as many flows as `count` go through. */
function choose(
  nodes: TestNode[],
  count: number,
  options: Partial<SelectOptions> = {},
  hosts: string[] = [],
): (string | undefined)[] {
  const choose = select({
    strategy: "round",
    nodes: nodes.map(choice),
    random: () => 0,
    ...options,
  });
  return Array.from({ length: count }, (_, i) => {
    const src = { host: hosts[i] ?? "10.0.0.1", port: 1 + i };
    return choose("tcp", tcpFlow(streamPair()[0], { src })).node?.name;
  });
}

const [A, B, C] = [{ name: "a" }, { name: "b" }, { name: "c" }];

Deno.test("select() takes one after the other by round, and keeps its count when one has failed [I.5]", () => {
  assertEquals(choose([A, B, C], 4), ["a", "b", "c", "a"]);
  let failed = false;
  const b = { ...choice(B), health: { isFailed: () => failed } };
  const nodes = [choice(A), b, choice(C)];
  const next = select({ strategy: "round", nodes, random: () => 0 });
  const target = tcpFlow(streamPair()[0]);
  const take = (): string | undefined => next("tcp", target).node?.name;
  assertEquals(take(), "a");
  failed = true;
  assertEquals([take(), take(), take()], ["c", "a", "c"]);
});

Deno.test("select() takes the first that may be taken when all have failed, never none [D.7, K.3]", () => {
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

Deno.test("select() takes the same for all flows of a source by hash, CRC-32 of its address [H.2]", () => {
  // CRC-32 of "10.0.0.1" is odd, that of "10.0.0.4" even, by zlib's crc32().
  const hosts = ["10.0.0.1", "10.0.0.4", "10.0.0.1", "10.0.0.4"];
  const taken = choose([A, B], 4, { strategy: "hash" }, hosts);
  assertEquals(taken, ["b", "a", "b", "a"]);
});

Deno.test("select() leaves out what a bypass hits, and says which when that is all [D.6]", () => {
  const target = tcpFlow(streamPair()[0]);
  const bypass = target.dst.host;
  assertEquals(choose([{ ...A, bypass }, B], 2), ["b", "b"]);
  const nodes = [choice({ ...A, bypass })];
  const next = select({ strategy: "round", nodes, random: () => 0 });
  const { node, because } = next("tcp", target);
  assertEquals(node, undefined);
  assertMatch(because, / matches .*, a\.yaml:1:1$/);
});

Deno.test("select() keeps a flow on the node that it goes through already, unless a bypass leaves that out", () => {
  const nodes = [A, { name: "b", failed: true }, { name: "c", bypass: "*" }];
  const choose = select({
    strategy: "round",
    nodes: nodes.map(choice),
    random: () => 0,
  });
  const rows = [["b", "b"], ["c", "a"], ["gone", "a"]] as const;
  for (const [kept, chosen] of rows) {
    const flow = tcpFlow(streamPair()[0], { keep: new Set([kept]) });
    assertEquals(choose("tcp", flow).node?.name, chosen);
  }
});
