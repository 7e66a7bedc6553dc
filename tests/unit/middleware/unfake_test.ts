import { assertEquals } from "@std/assert";
import type { Flow } from "../../../src/flow/flow.ts";
import { unfake } from "../../../src/middleware/unfake.ts";
import { FakeAddresses } from "../../../src/names/fake_addresses.ts";
import { parsePrefix, type Prefix } from "../../../src/wire/address.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

const FAKES = new FakeAddresses(
  [parsePrefix("198.18.0.0/15") as Prefix],
  new ManualClock(),
);

async function pass(flow: Flow): Promise<Flow | undefined> {
  let passed: Flow | undefined;
  await unfake(FAKES)(flow, (flow) => {
    passed = flow;
    return Promise.resolve({ via: "" });
  });
  return passed;
}

Deno.test("unfake() sends a flow to the name that its address stands for", async () => {
  const [host = ""] = FAKES.of("www.example");
  for (
    const flow of [
      tcpFlow(streamPair()[0], { dst: { host, port: 443 } }),
      udpFlow({ dst: { host, port: 443 } }),
    ]
  ) {
    const passed = await pass(flow);
    assertEquals(passed?.dst, { host: "www.example", port: 443 });
    assertEquals(flow.trace.at(-1)?.name, "www.example");
  }
});

Deno.test("unfake() leaves other addresses alone, and turns down one that stands for nothing", async () => {
  const flow = tcpFlow(streamPair()[0]);
  assertEquals(await pass(flow), flow);
  const lost = tcpFlow(streamPair()[0], {
    dst: { host: "198.18.0.77", port: 443 },
  });
  assertEquals(await pass(lost), undefined);
  assertEquals(lost.rejections, ["unreachable"]);
});
