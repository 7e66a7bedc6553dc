import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { group, type GroupEntry } from "../../../src/outbound/group.ts";
import { Health } from "../../../src/outbound/health.ts";
import type { Route, Router } from "../../../src/outbound/route.ts";
import { select } from "../../../src/outbound/select.ts";
import type { TcpFlow } from "../../../src/flow/flow.ts";
import { tcpFlow, upstreamOf } from "../../support/flows.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

const AT = { file: "a.yaml", line: 7, column: 3 };

const flow = (changes: Partial<TcpFlow> = {}): TcpFlow =>
  tcpFlow(streamPair()[0], changes);

function routeOf(
  name: string,
  dial: Route["dialer"]["dialStream"],
  nodes: Route["nodes"] = [],
): Route {
  const dialDatagram = (): Promise<never> => rejected(new Error("no UDP here"));
  const dialer = { dialStream: dial, dialDatagram };
  return { nodes, identity: name, egress: () => [], dialer };
}

interface TestChain {
  readonly name: string;
  readonly backup?: boolean;
  readonly never?: boolean;
  /** Without one it is reached. */
  readonly error?: () => Error | undefined;
  /** It has sent the flow straight out. */
  readonly isDirect?: boolean;
}

function begin(chains: readonly TestChain[], strict = false) {
  const clock = new ManualClock();
  const told: string[] = [];
  const entries = chains.map((chain): GroupEntry => {
    const { name, backup = false, never, error, isDirect } = chain;
    const node = { name: "n", at: AT, way: "relay", identity: "n" };
    const dial = () => {
      const failure = error?.();
      return failure === undefined
        ? Promise.resolve(upstreamOf(streamPair()[0]))
        : rejected(failure);
    };
    const route = routeOf(name, dial, isDirect ? [] : [node]);
    return {
      name,
      at: AT,
      identity: `chain ${name}`,
      bypass: undefined,
      rule: never === undefined
        ? undefined
        : { text: "a rule", at: AT, priority: 6, matches: () => !never },
      weight: 1,
      backup,
      health: new Health({ maxFails: 1, failTimeout: 10_000, clock }),
      router: {
        decide: () => route,
        needsName: () => false,
        prepare: () => void told.push(`prepare ${name}`),
      },
    };
  });
  const router: Router = group({
    name: "chainGroup",
    at: AT,
    entries,
    select: select({ strategy: "round", all: () => entries, random: () => 0 }),
    direct: routeOf("direct", () => rejected(new Error("not dialled"))),
    strict,
    onLeftOut: ({ name }) => void told.push(`past ${name}`),
  });
  const take = (target = flow()): string =>
    router.decide("tcp", target)?.identity ?? "rejected";
  const dial = async (): Promise<void> => {
    const route = router.decide("tcp", flow());
    await route?.dialer.dialStream(flow());
  };
  return { clock, told, router, take, dial };
}

const NODE_FAILS = () => new DialError("refused", "no", { node: "n" });

Deno.test("group() gives each flow one of its chains, and says which and why [D.8]", () => {
  const { take } = begin([{ name: "a" }, { name: "b" }]);
  const target = flow();
  assertEquals([take(target), take(), take()], ["a", "b", "a"]);
  assertEquals(target.trace, [{
    by: "chainGroup",
    what: "a",
    because: "round, 2 of 2, a.yaml:7:3",
  }]);
});

Deno.test("group() keeps away from a chain whose nodes cannot be reached, and takes a backup where no other is left [D.8, H.2 chain groups]", async () => {
  let broken = true;
  const a = {
    name: "a",
    error: () => broken ? NODE_FAILS() : undefined,
  };
  const { clock, take, dial } = begin([a, { name: "b", backup: true }]);
  await assertRejects(dial, DialError);
  assertEquals([take(), take()], ["b", "b"]);
  await clock.advance(10_000);
  broken = false;
  await dial();
  assertEquals(take(), "a");
});

Deno.test("group() does not blame a chain for its target, nor for a flow that went straight out", async () => {
  const refused = { name: "a", error: () => new DialError("refused", "no") };
  const out = { name: "a", error: NODE_FAILS, isDirect: true };
  const unable = {
    name: "a",
    error: () => new DialError("streams-only", "no", { node: "n" }),
  };
  for (const chain of [refused, out, unable]) {
    const { take, dial } = begin([chain, { name: "b", backup: true }]);
    await assertRejects(dial, DialError);
    assertEquals(take(), "a");
  }
});

Deno.test("group() sends direct what no chain is for, or turns it down where it is strict [D.8, D.9]", () => {
  const none = [{ name: "a", never: true }];
  const lax = begin(none);
  const target = flow();
  assertEquals([lax.take(target), lax.told], ["direct", ["past chainGroup"]]);
  assertEquals(target.trace[0]?.because, "a is for a rule, a.yaml:7:3");
  const strict = begin(none, true);
  assertEquals([strict.take(), strict.told], ["rejected", []]);
});

Deno.test("group() keeps a flow on the chain that it goes through already", () => {
  const { take, router } = begin([{ name: "a" }, { name: "b" }]);
  const { chain = "" } = router.decide("tcp", flow()) ?? {};
  const keep = new Set([chain]);
  assertEquals([take(flow({ keep })), take(flow({ keep }))], ["a", "a"]);
});

Deno.test("group() needs a name where a rule may go by it, and prepares the way where there is one chain alone", () => {
  const two = begin([{ name: "a" }, { name: "b", never: false }]);
  assertEquals(two.router.needsName("tcp", flow()), true);
  const one = begin([{ name: "a" }]);
  assertEquals(one.router.needsName("tcp", flow()), false);
  for (const { router } of [one, two]) router.prepare("tcp", flow());
  assertEquals([one.told, two.told], [["prepare a"], []]);
});
