import { assertEquals, assertRejects } from "@std/assert";
import { DialError, type DialErrorKind } from "../../../src/base/errors.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { unlessStreamsOnly } from "../../../src/outbound/streams_only.ts";
import { udpFlow } from "../../support/flows.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function begin(kind: DialErrorKind, streamsOnly?: true) {
  const clock = new ManualClock();
  let asked = 0;
  const dial = unlessStreamsOnly({
    name: "node-0",
    way: "http+tcp 192.0.2.9:8080",
    connector: streamsOnly ? { streamsOnly } : {},
    clock,
  }, () => {
    asked++;
    return rejected(new DialError(kind, "not here"));
  });
  const fail = () => assertRejects(() => dial(udpFlow()), DialError);
  return { clock, fail, asked: () => asked };
}

Deno.test("unlessStreamsOnly() does not ask a node again for 30 s that carries no datagrams, and names it", async () => {
  const { clock, fail, asked } = begin("streams-only");
  for (let i = 0; i < 2; i++) {
    const { kind, node, message } = await fail();
    assertEquals([kind, node], ["streams-only", "node-0"]);
    assertEquals(message, "node-0 (http+tcp 192.0.2.9:8080): not here");
  }
  assertEquals(asked(), 1);
  await clock.advance(30_000);
  await fail();
  assertEquals(asked(), 2);
});

Deno.test("unlessStreamsOnly() never asks where the protocol has no datagrams", async () => {
  const { fail, asked } = begin("refused", true);
  assertEquals((await fail()).kind, "streams-only");
  assertEquals(asked(), 0);
});

Deno.test("unlessStreamsOnly() remembers no other failure", async () => {
  const { fail, asked } = begin("refused");
  assertEquals((await fail()).kind, "refused");
  await fail();
  assertEquals(asked(), 2);
});
