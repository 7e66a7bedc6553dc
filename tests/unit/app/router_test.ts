/** Which way flows go by a configuration as a user writes it, without a dial. */
import { assertEquals } from "@std/assert";
import { buildRouter } from "../../../src/app/router.ts";
import { DialError } from "../../../src/base/errors.ts";
import type { Target } from "../../../src/flow/flow.ts";
import { rejected } from "../../../src/flow/stream.ts";
import type { Route, Router } from "../../../src/outbound/route.ts";
import { tungoOf } from "../../support/config.ts";
import { testContext } from "../../support/context.ts";
import { tcpFlow } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

const node = (name: string, more = ""): string =>
  `{name: ${name}, addr: "192.0.2.9:1", connector: {type: relay}, ${more}}`;

interface Built {
  readonly router: Router;
  readonly context: ReturnType<typeof testContext>;
  /** The nodes of the way that a flow to `name` would take, "direct" without one. */
  readonly way: (name?: string, network?: string) => string;
  /** Has a flow fail, or succeed, at the node that it would take. */
  readonly dial: (name?: string) => Promise<void>;
}

/** A router whose nodes can be reached as long as `reachable` says so. */
async function build(
  rest: string,
  { handler = "chain: c", reachable = (): boolean => false } = {},
): Promise<Built> {
  const context = testContext(() => {
    if (reachable()) return streamPair()[0];
    throw new DialError("refused", "nobody is there");
  });
  const { route } = tungoOf({
    yaml: `
services: [{name: s, handler: {type: tungo, ${handler}}, listener: {type: tungo}}]
${rest}
`,
  });
  const direct: Route = {
    nodes: [],
    identity: "direct",
    egress: () => [],
    dialer: {
      dialStream: () => rejected(new Error("direct")),
      dialDatagram: () => rejected(new Error("direct")),
    },
  };
  const router = await buildRouter(route, direct, context);
  const target = (name?: string): Target =>
    tcpFlow(streamPair()[0], name === undefined ? {} : { name });
  const decide = (name?: string, network = "tcp") =>
    router.decide(network, target(name));
  return {
    router,
    context,
    way(name, network) {
      const route = decide(name, network);
      if (route === undefined) return "rejected";
      const names = route.nodes.map(({ name }) => name);
      return names.length === 0 ? "direct" : names.join(" > ");
    },
    async dial(name) {
      await decide(name)?.dialer.dialStream(target(name)).catch(() => {});
    },
  };
}

Deno.test("buildRouter() ends a chain where the bypass of a hop says so [I.4]", async () => {
  const { way } = await build(`
bypasses:
- {name: bypass-0, whitelist: true, matchers: [example.com, .example.org]}
- {name: bypass-1, matchers: [example.com]}
chains:
- name: c
  hops:
  - {name: hop-0, bypass: bypass-0, nodes: [${node("hop-0")}]}
  - {name: hop-1, bypass: bypass-1, nodes: [${node("hop-1")}]}
`);
  assertEquals(
    ["example.com", "www.example.org", "www.example.com"].map((name) =>
      way(name)
    ),
    ["hop-0", "hop-0 > hop-1", "direct"],
  );
});

Deno.test("buildRouter() leaves out nodes that their bypass hits, and the hop when none is left [I.4]", async () => {
  const { way } = await build(`
bypasses:
- {name: org, matchers: [example.org, example.net]}
- {name: com, matchers: [example.com, example.net]}
chains:
- name: c
  hops:
  - name: h
    nodes: [${node("n0", "bypass: org")}, ${node("n1", "bypass: com")}]
`);
  assertEquals(
    ["example.com", "example.org", "example.net"].map((name) => way(name)),
    ["n0", "n1", "direct"],
  );
});

Deno.test("buildRouter() goes on with fifo's second when the first has failed maxFails times, for failTimeout, and takes the first again [I.5]", async () => {
  const { way, dial, context } = await build(`
chains:
- name: c
  hops:
  - name: h
    selector: {strategy: fifo, maxFails: 2, failTimeout: 10s}
    nodes: [${node("a")}, ${node("b")}]
`);
  assertEquals(way(), "a");
  await dial();
  assertEquals(way(), "a");
  await dial();
  assertEquals(way(), "b");
  await context.clock.advance(9_999);
  assertEquals(way(), "b");
  await context.clock.advance(1);
  assertEquals(way(), "a");
  // Its failures are not forgotten: one more is enough.
  await dial();
  assertEquals(way(), "b");
});

Deno.test("buildRouter() never goes direct because all nodes have failed [D.7, K3]", async () => {
  const { way, dial } = await build(`
chains: [{name: c, hops: [{name: h, nodes: [${node("a")}, ${node("b")}]}]}]
`);
  for (let i = 0; i < 4; i++) await dial();
  assertEquals([way(), way()], ["a", "a"]);
});

Deno.test("buildRouter() takes nodes by their rules and priorities, and a backup last [I.5, D.7]", async () => {
  const { way } = await build(`
chains:
- name: c
  hops:
  - name: h
    nodes:
    - ${node("video", 'matcher: {rule: "Host(`.video.example`)"}')}
    - ${node("udp", 'matcher: {rule: "Network(`udp`)", priority: 99}')}
    - ${node("spare", "metadata: {backup: true}")}
    - ${node("rest")}
`);
  assertEquals(
    [way("a.video.example"), way("a.video.example", "udp"), way("b.example")],
    ["video", "udp", "rest"],
  );
});

Deno.test("buildRouter() sends past a hop what no node is for, and turns it down with strict in the handler [D.9]", async () => {
  const rest = `
chains:
- name: c
  hops: [{name: h, nodes: [${
    node("a", 'matcher: {rule: "Host(`a.example`)"}')
  }]}]
`;
  const lax = await build(rest);
  assertEquals([lax.way("a.example"), lax.way("b.example")], ["a", "direct"]);
  const strict = await build(rest, {
    handler: "chain: c, metadata: {strict: true}",
  });
  assertEquals(strict.way("b.example"), "rejected");
});

Deno.test("buildRouter() has a group leave a chain alone whose node cannot be reached [D.8, H.2 chain groups]", async () => {
  const chain = (name: string): string =>
    `{name: ${name}, hops: [{name: h, nodes: [${node(name)}]}]}`;
  const { way, dial } = await build(
    `chains: [${chain("a")}, ${chain("b")}]`,
    { handler: "chainGroup: {chains: [a, b], selector: {strategy: fifo}}" },
  );
  assertEquals(way(), "a");
  await dial();
  assertEquals(way(), "b");
});
