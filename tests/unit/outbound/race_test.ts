import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Leg } from "../../../src/outbound/leg.ts";
import { race } from "../../../src/outbound/race.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { tcpFlow, upstreamOf } from "../../support/flows.ts";
import { settle } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

interface Runner {
  readonly leg: Leg;
  readonly seen: string[];
  readonly reach: () => void;
  readonly fail: (error: Error) => void;
}

function runner(name: string, seen: string[]): Runner {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const nothing = () => rejected(new Error("it must be reached first"));
  const leg: Leg = {
    dialStream: nothing,
    dialDatagram: nothing,
    async reach(signal) {
      signal.addEventListener("abort", () => seen.push(`${name} given up`));
      await promise;
      return {
        dialStream() {
          seen.push(`${name} asked`);
          return Promise.resolve(upstreamOf(streamPair()[0]));
        },
        dialDatagram: nothing,
        drop: () => void seen.push(`${name} dropped`),
      };
    },
  };
  return { leg, seen, reach: resolve, fail: reject };
}

function begin() {
  const seen: string[] = [];
  const [a, b] = [runner("a", seen), runner("b", seen)];
  const flow = tcpFlow(streamPair()[0]);
  const target = { ...flow, signal: flow.controller.signal };
  const dialled = race([a.leg, b.leg]).dialStream(target);
  dialled.catch(() => {});
  return { seen, a, b, flow, dialled };
}

Deno.test("race() asks the node that is reached first, and lets go of the others", async () => {
  const { seen, a, b, dialled } = begin();
  b.reach();
  await dialled;
  assertEquals(seen, ["a given up", "b asked"]);
  a.reach();
  await settle();
  assertEquals(seen.at(-1), "a dropped");
});

Deno.test("race() goes on with those that are left when one fails, and says the first failure when all do", async () => {
  const one = begin();
  one.a.fail(new DialError("refused", "a"));
  one.b.reach();
  await one.dialled;
  assertEquals(one.seen.at(-1), "b asked");
  const none = begin();
  none.b.fail(new DialError("timeout", "b was first"));
  await settle();
  none.a.fail(new DialError("refused", "a"));
  await assertRejects(() => none.dialled, DialError, "b was first");
});

Deno.test("race() ends with its flow", async () => {
  const { seen, a, flow, dialled } = begin();
  flow.controller.abort(new Error("The flow is over"));
  await assertRejects(() => dialled, Error, "The flow is over");
  a.reach();
  await settle();
  assertEquals(seen, ["a given up", "b given up", "a dropped"]);
});
