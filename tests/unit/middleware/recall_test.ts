import { assertEquals } from "@std/assert";
import type { Flow } from "../../../src/flow/flow.ts";
import type { Outcome } from "../../../src/flow/handler.ts";
import { recall } from "../../../src/middleware/recall.ts";
import { Answers } from "../../../src/names/answers.ts";
import { channelPair } from "../../support/channel_pair.ts";
import { dnsAnswer } from "../../support/dns_message.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { concat } from "../../support/octets.ts";
import { streamPair } from "../../support/stream_pair.ts";

const ANSWER = dnsAnswer("www.example", ["192.0.2.1"]);
const WEB = { host: "192.0.2.1", port: 443 };
const OUTCOME: Outcome = { via: "" };

function begin() {
  const middleware = recall(new Answers(new ManualClock()));
  /** What comes out at the other end for a flow. */
  const pass = async (flow: Flow): Promise<Flow> => {
    let passed = flow;
    await middleware(flow, (flow) => {
      passed = flow;
      return Promise.resolve(OUTCOME);
    });
    return passed;
  };
  return { pass };
}

Deno.test("recall() tells what an address is called once a nameserver's answer has passed by UDP, and dials the address all the same", async () => {
  const { pass } = begin();
  const [application, local] = channelPair();
  const heard: string[] = [];
  application.deliver((octets) => void heard.push(octets.toHex()));
  const question = await pass(
    udpFlow({ accept: () => Promise.resolve(local) }),
  );
  const channel = question.protocol === "udp" && await question.accept();
  assertEquals((await pass(udpFlow({ dst: WEB }))).called, undefined);
  if (channel) channel.send(ANSWER);
  assertEquals(heard, [ANSWER.toHex()]);
  for (
    const flow of [udpFlow({ dst: WEB }), tcpFlow(streamPair()[0])]
  ) {
    const { called, name, dst, trace } = await pass(flow);
    assertEquals([called, name, dst], ["www.example", undefined, WEB]);
    assertEquals(trace.map(({ name }) => name), ["www.example"]);
  }
});

Deno.test("recall() hears answers by TCP, however they are cut [RFC 1035 §4.2.2]", async () => {
  const { pass } = begin();
  const [application, local] = streamPair();
  const dst = { host: "192.0.2.53", port: 53 };
  const question = await pass(tcpFlow(local, { dst }));
  const stream = question.protocol === "tcp" && await question.accept();
  const framed = concat([Uint8Array.of(0, ANSWER.length), ANSWER]);
  if (stream) {
    await stream.write(framed.subarray(0, 30));
    await stream.write(framed.subarray(30));
  }
  assertEquals(application.taken(), framed);
  assertEquals((await pass(tcpFlow(local))).called, "www.example");
});
