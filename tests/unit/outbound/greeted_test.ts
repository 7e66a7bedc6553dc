import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import type { Connector } from "../../../src/outbound/contracts.ts";
import { greeted } from "../../../src/outbound/greeted.ts";
import { streamPair } from "../../support/stream_pair.ts";

const BASE: Dialer = {
  dialStream: () => rejected(new Error("not here")),
  dialDatagram: () => rejected(new Error("not here")),
};

function open(greet: Connector["greet"]) {
  const [near, node] = streamPair();
  const carrier = wrapStream(near, { roundTrip: 5, isTungo: false });
  const transport = greeted(() => Promise.resolve(carrier), greet);
  return { node, carrier: transport(BASE, new AbortController().signal) };
}

Deno.test("greeted() hands out carriers that have been greeted, and says so", async () => {
  const greetings: number[] = [];
  const { carrier } = open(({ roundTrip }) => {
    greetings.push(roundTrip);
    return Promise.resolve();
  });
  const { greeted, roundTrip, isTungo } = await carrier;
  assertEquals([greeted, roundTrip, isTungo], [true, 5, false]);
  assertEquals(greetings, [5]);

  assertEquals((await open(undefined).carrier).greeted, undefined);
});

Deno.test("greeted() gives a carrier up that cannot be greeted", async () => {
  const { carrier, node } = open(() =>
    Promise.reject(new DialError("auth", "no"))
  );
  await assertRejects(() => carrier, DialError, "no");
  await assertRejects(() => node.read(() => {}), Error);
});
