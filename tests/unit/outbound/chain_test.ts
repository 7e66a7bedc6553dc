import { assertEquals } from "@std/assert";
import type { Dialer } from "../../../src/flow/dialer.ts";
import type { TcpFlow } from "../../../src/flow/flow.ts";
import { rejected } from "../../../src/flow/stream.ts";
import {
  chain as decideChain,
  type ChainHop,
  needsName,
  prepare,
} from "../../../src/outbound/chain.ts";
import { routed } from "../../../src/outbound/route.ts";
import { type Choice, select } from "../../../src/outbound/select.ts";
import { type BypassGroup, bypassGroup } from "../../../src/rules/bypass.ts";
import { matcherSet } from "../../../src/rules/matcher_set.ts";
import { tcpFlow, upstreamOf } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

const AT = { file: "config.yaml", line: 31, column: 7 };

function bypassing(text: string, network?: string): BypassGroup {
  const matchers = [{ current: matcherSet([{ text, at: AT }]) }];
  return bypassGroup([
    { name: "bypass-0", at: AT, whitelist: false, network, matchers },
  ]);
}

/** A way that notes its name in the trace. */
function way(name: string): Dialer {
  return {
    dialStream: (target) => {
      target.trace.push({ by: "dialled", what: name });
      return Promise.resolve(upstreamOf(streamPair()[0]));
    },
    dialDatagram: (target) => {
      target.trace.push({ by: "dialled", what: `${name}/udp` });
      return rejected(new Error("far enough"));
    },
  };
}

/** Decides and dials. */
function chain(direct: Dialer, hops: readonly ChainHop[]): Dialer {
  const egress = (): [] => [];
  return routed(
    decideChain(
      { nodes: [], identity: "direct", egress, dialer: direct },
      hops,
    ),
    () => {},
  );
}

/** A hop with one node; a second bypass is the node's. */
function hop(
  name: string,
  bypass?: BypassGroup,
  nodeBypass?: BypassGroup,
): ChainHop {
  return { name, at: AT, bypass, ...nodes(node(name, nodeBypass)) };
}

function node(name: string, bypass?: BypassGroup): Choice {
  return {
    name,
    at: AT,
    way: `relay+tcp ${name}:1`,
    identity: name,
    egress: () => [],
    bypass,
    weight: 1,
    backup: false,
    health: { isFailed: () => false },
    through: () => way(name),
  };
}

function nodes(
  ...all: Choice[]
): Pick<ChainHop, "select" | "hasChoice" | "needsName"> {
  const random = (): number => 0;
  return {
    select: select({ strategy: "fifo", nodes: all, random }),
    hasChoice: all.length > 1,
    needsName: true,
  };
}

const flow = (changes: Partial<TcpFlow> = {}): TcpFlow =>
  tcpFlow(streamPair()[0], changes);

Deno.test("chain() goes through all hops where no bypass ends it", async () => {
  const target = flow();
  const all = [hop("hop-0", bypassing("10.0.0.0/8")), hop("hop-1")];
  await chain(way("direct"), all).dialStream(target);
  assertEquals(target.trace, [{ by: "dialled", what: "hop-1" }]);
});

Deno.test("chain() without hops goes straight to the target", async () => {
  const target = flow();
  await chain(way("direct"), []).dialStream(target);
  assertEquals(target.trace, [{ by: "dialled", what: "direct" }]);
});

Deno.test("chain() ends before the hop whose bypass hits, and says which rule it was", async () => {
  const rows = [
    [
      [hop("hop-0", bypassing("192.0.2.0/24")), hop("hop-1")],
      "direct",
      "hop-0",
      "direct",
    ],
    [
      [hop("hop-0"), hop("hop-1", bypassing("192.0.2.0/24"))],
      "not through hop-1",
      "hop-1",
      "hop-0",
    ],
  ] as const;
  for (const [hops, what, by, dialled] of rows) {
    const target = flow();
    await chain(way("direct"), hops).dialStream(target);
    const because = "192.0.2.1 matches 192.0.2.0/24, config.yaml:31:7";
    assertEquals(target.trace, [
      { by, what, because },
      { by: "dialled", what: dialled },
    ]);
  }
});

Deno.test("chain() asks the bypass of the hop and that of its node, for the address and for the name", async () => {
  for (const rule of ["example.com", "192.0.2.1"]) {
    const target = flow({ name: "example.com" });
    const hops = [hop("hop-0", bypassing("10.0.0.0/8"), bypassing(rule))];
    await chain(way("direct"), hops).dialStream(target);
    assertEquals(target.trace.at(-1)?.what, "direct", rule);
  }
});

Deno.test("chain() decides for UDP as for TCP, but for a bypass of one of them", async () => {
  const dialer = chain(way("direct"), [
    hop("hop-0", bypassing("192.0.2.1", "udp")),
  ]);
  const datagrams = flow();
  await dialer.dialDatagram(datagrams).catch(() => {});
  const stream = flow();
  await dialer.dialStream(stream);
  const ways = [datagrams, stream].map(({ trace }) => trace.at(-1)?.what);
  assertEquals(ways, ["direct/udp", "hop-0"]);
});

Deno.test("chain() says which of several nodes was chosen and why, and goes direct when bypasses leave none [I.4]", async () => {
  const all = nodes(
    node("n0", bypassing("example.org")),
    node("n1", bypassing("example.*")),
  );
  const hops = [{ name: "hop-0", at: AT, bypass: undefined, ...all }];
  const rows = [
    ["example.com", {
      by: "hop-0",
      what: "n0",
      because: "fifo, 1 of 2 nodes, config.yaml:31:7",
    }],
    ["example.org", {
      by: "hop-0",
      what: "direct",
      because: "example.org matches example.org, config.yaml:31:7",
    }],
  ] as const;
  for (const [name, step] of rows) {
    const target = flow({ name });
    await chain(way("direct"), hops).dialStream(target);
    assertEquals(target.trace[0], step);
    assertEquals(target.trace[1]?.what, step.what);
  }
});

Deno.test("chain() reaches each hop's node through the one chosen before it", async () => {
  const seen: (Dialer | undefined)[] = [];
  const first = way("first");
  const through = (before: Dialer | undefined): Dialer => {
    seen.push(before);
    return first;
  };
  const one = { ...node("n"), through };
  const hops = ["hop-0", "hop-1"].map((name) => ({
    name,
    at: AT,
    bypass: undefined,
    ...nodes(one),
  }));
  await chain(way("direct"), hops).dialStream(flow());
  assertEquals(seen, [undefined, first]);
});

Deno.test("chain() says which way a flow would take without dialling", () => {
  const ip = (name: string): [{ interface: string; strict: boolean }] => [
    { interface: name, strict: false },
  ];
  const out = {
    nodes: [],
    identity: "direct",
    egress: () => ip("eth0"),
    dialer: way("direct"),
  };
  const first = { ...node("n0"), egress: () => ip("eth1") };
  const decide = decideChain(out, [
    { name: "hop-0", at: AT, bypass: bypassing("a.example"), ...nodes(first) },
    hop("hop-1", bypassing("b.example")),
  ]);
  const rows = [["a.example", "", "eth0"], ["b.example", "n0", "eth1"], [
    "c.example",
    "n0 hop-1",
    "eth1",
  ]] as const;
  for (const [name, nodes, by] of rows) {
    const route = decide("tcp", flow({ name }));
    assertEquals(route.nodes.map(({ name }) => name).join(" "), nodes);
    assertEquals(route.egress("192.0.2.1")[0]?.interface, by);
  }
});

Deno.test("needsName() says whether a name may change the way, or what is asked for on it", () => {
  const lan = bypassing("192.0.2.0/24");
  const other = bypassing("10.0.0.0/8");
  const plain: ChainHop = { ...hop("direct"), needsName: false };
  const rows: [string, ChainHop[], boolean][] = [
    ["no hop", [], false],
    ["a node is asked for it", [hop("h")], true],
    ["a hop that is none", [plain], false],
    ["a hop that is none, and a node", [plain, hop("h")], true],
    ["the address is bypassed", [hop("h", lan)], false],
    ["the address is not bypassed", [hop("h", other)], true],
    [
      "a name may be bypassed",
      [{ ...plain, bypass: bypassing("a.example") }],
      true,
    ],
    ["no name is bypassed", [{ ...plain, bypass: other }], false],
  ];
  for (const [what, hops, needed] of rows) {
    assertEquals(needsName(hops, "tcp", flow()), needed, what);
  }
});

Deno.test("prepare() gets the way ready that a flow will take, and none where a hop has a choice or is bypassed", () => {
  const prepared: string[] = [];
  const preparing = (name: string): Choice => ({
    ...node(name),
    through: (before) => ({
      ...way(name),
      prepare: () =>
        prepared.push(before === undefined ? name : `${name} behind another`),
    }),
  });
  const one = { ...hop("hop-0"), ...nodes(preparing("n0")) };
  const two = { ...hop("hop-1"), ...nodes(preparing("n1")) };
  const several = {
    ...hop("hop-0"),
    ...nodes(preparing("n0"), preparing("n1")),
  };
  const bypassed = { ...two, bypass: bypassing("192.0.2.0/24") };
  const rows: [ChainHop[], string[]][] = [
    [[], []],
    [[one], ["n0"]],
    [[one, two], ["n1 behind another"]],
    [[several, two], []],
    [[one, bypassed], ["n0"]],
    [[bypassed], []],
  ];
  for (const [hops, expected] of rows) {
    prepared.length = 0;
    prepare(hops, "tcp", flow());
    assertEquals(prepared, expected);
  }
});
