import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import type { TcpFlow } from "../../../src/flow/flow.ts";
import { rejected } from "../../../src/flow/stream.ts";
import {
  chain as route,
  type ChainHop,
  type ChainNode,
} from "../../../src/outbound/chain.ts";
import { type Leg, legOf } from "../../../src/outbound/leg.ts";
import {
  type OnLeftOut,
  type Route,
  routed,
  type Router,
} from "../../../src/outbound/route.ts";
import { select } from "../../../src/outbound/select.ts";
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

function routerOf(
  hops: readonly ChainHop[],
  direct: Partial<Route> = {},
  onLeftOut: OnLeftOut = () => {},
): Router {
  const out = {
    nodes: [],
    identity: "direct",
    egress: () => [],
    dialer: way("direct"),
  };
  return route({ direct: { ...out, ...direct }, hops, onLeftOut });
}

/** Decides and dials. */
function chain(dialer: Dialer, hops: readonly ChainHop[]): Dialer {
  return routed(routerOf(hops, { dialer }).decide, () => {});
}

/** A hop with one node; a second bypass is the node's. */
function hop(
  name: string,
  bypass?: BypassGroup,
  nodeBypass?: BypassGroup,
): ChainHop {
  return { name, at: AT, bypass, ...nodes(node(name, nodeBypass)) };
}

function node(name: string, bypass?: BypassGroup): ChainNode {
  return {
    name,
    at: AT,
    host: name,
    way: `relay+tcp ${name}:1`,
    identity: name,
    egress: () => [],
    bypass,
    rule: undefined,
    weight: 1,
    backup: false,
    health: { isFailed: () => false },
    rejects: false,
    through: () => legOf(way(name)),
  };
}

function nodes(
  ...all: ChainNode[]
): Pick<ChainHop, "select" | "strict" | "nodes"> {
  const random = (): number => 0;
  return {
    strict: () => false,
    select: select({ strategy: "fifo", all: () => all, random }),
    nodes: () => all,
  };
}

const flow = (changes: Partial<TcpFlow> = {}): TcpFlow =>
  tcpFlow(streamPair()[0], changes);

Deno.test("chain() goes through all hops where no bypass ends it", async () => {
  const target = flow();
  const all = [hop("hop-0", bypassing("10.0.0.0/8")), hop("hop-1")];
  await chain(way("direct"), all).dialStream(target);
  const minor = true;
  assertEquals(target.trace, [
    {
      ...{ by: "hop-0", what: "not bypassed", minor },
      because: "192.0.2.1 not in bypass-0, config.yaml:31:7",
    },
    {
      ...{ by: "hop-0", what: "hop-0", minor },
      because: "the only one, config.yaml:31:7",
    },
    {
      ...{ by: "hop-1", what: "hop-1", minor },
      because: "the only one, config.yaml:31:7",
    },
    { by: "dialled", what: "hop-1" },
  ]);
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
    assertEquals(target.trace.filter(({ minor }) => !minor), [
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
      because: "fifo, 1 of 2, config.yaml:31:7",
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
  const first = legOf(way("first"));
  const through = (before: Dialer | undefined): Leg => {
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
  const first = { ...node("n0"), egress: () => ip("eth1") };
  const { decide } = routerOf([
    { name: "hop-0", at: AT, bypass: bypassing("a.example"), ...nodes(first) },
    hop("hop-1", bypassing("b.example")),
  ], { egress: () => ip("eth0") });
  const rows = [["a.example", "", "eth0"], ["b.example", "n0", "eth1"], [
    "c.example",
    "n0 hop-1",
    "eth1",
  ]] as const;
  for (const [name, nodes, by] of rows) {
    const route = decide("tcp", flow({ name }));
    assertEquals(route?.nodes.map(({ name }) => name).join(" "), nodes);
    assertEquals(route?.egress("192.0.2.1")[0]?.interface, by);
  }
});

Deno.test("chain() names the interface of a direct node, which opens the socket whatever is before it", () => {
  const by = (name: string) => [{ interface: name, strict: false }];
  const { host: _, ...itself } = { ...node("d"), egress: () => by("eth2") };
  const first = { ...node("n0"), egress: () => by("eth1") };
  const hops = [first, itself].map((one) => ({ ...hop("h"), ...nodes(one) }));
  const route = routerOf(hops).decide("tcp", flow());
  assertEquals(route?.egress("192.0.2.1"), by("eth2"));
});

Deno.test("chain() says whether a name may change the way, or what is asked for on it", () => {
  const lan = bypassing("192.0.2.0/24");
  const other = bypassing("10.0.0.0/8");
  const { host: _, ...itself } = node("itself");
  const plain: ChainHop = { ...hop("direct"), ...nodes(itself) };
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
    assertEquals(routerOf(hops).needsName("tcp", flow()), needed, what);
  }
});

Deno.test("chain() gets the way ready that a flow will take, and none where a hop has a choice or is bypassed", () => {
  const prepared: string[] = [];
  const preparing = (name: string): ChainNode => ({
    ...node(name),
    through: (before) =>
      legOf({
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
    routerOf(hops).prepare("tcp", flow());
    assertEquals(prepared, expected);
  }
});

Deno.test("chain() turns a flow down that a strict hop has no node for, but not one that its own bypass sends past it [D.9, H.2 no node left]", async () => {
  const told: string[] = [];
  const rows: [string, boolean, string, string[]][] = [
    ["a.example", true, "rejected", []],
    ["a.example", false, "direct", ["hop-0"]],
    ["b.example", true, "direct", []],
    ["c.example", true, "hop-0", []],
  ];
  for (const [name, strict, what, leftOut] of rows) {
    told.length = 0;
    const only = hop("hop-0", bypassing("b.example"), bypassing("a.example"));
    const router = routerOf(
      [{ ...only, strict: () => strict }],
      {},
      ({ name }) => void told.push(name),
    );
    const target = flow({ name });
    const dialled = routed(router.decide, () => {}).dialStream(target);
    if (what === "rejected") {
      const error = await assertRejects(() => dialled, DialError, "hop-0");
      assertEquals(error.kind, "forbidden");
    } else await dialled;
    assertEquals([target.trace.at(-1)?.what, told], [what, leftOut]);
  }
});

Deno.test("chain() goes through whichever of several nodes is reached first where all are chosen", async () => {
  const stuck = node("n0");
  const never = {
    ...legOf(way("n0")),
    reach: () => new Promise<never>(() => {}),
  };
  const all = [{ ...stuck, through: () => never }, node("n1")];
  const random = (): number => 0;
  const racing: ChainHop = {
    ...hop("hop-0"),
    select: select({ strategy: "parallel", all: () => all, random }),
    nodes: () => all,
  };
  const target = flow();
  const route = routerOf([racing]).decide("tcp", target);
  assertEquals(route?.nodes.map(({ name }) => name), ["n0 or n1"]);
  await route?.dialer.dialStream(target);
  assertEquals(target.trace.map(({ what }) => what), ["n0 or n1", "n1"]);
});

Deno.test("chain() turns down what comes to a node that rejects, and says where it stands", async () => {
  const n1 = { ...node("n1"), rejects: true };
  const target = flow();
  const dial = () =>
    chain(way("direct"), [hop("hop-0"), { ...hop("hop-1"), ...nodes(n1) }])
      .dialStream(target);
  const error = await assertRejects(dial, DialError);
  assertEquals([error.kind, error.isDecision], ["forbidden", true]);
  assertEquals(target.trace.filter(({ minor }) => !minor), [
    { by: "n1", what: "rejected", because: "action: reject, config.yaml:31:7" },
  ]);
});
