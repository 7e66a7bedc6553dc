import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { dnsByStream } from "../../../src/outbound/dns_by_stream.ts";
import { udpFlow, upstreamOf } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { concat, hex } from "../../support/octets.ts";
import { streamPair, type TestStream } from "../../support/stream_pair.ts";

const STREAMS_ONLY = new DialError("streams-only", "no datagrams here", {
  node: "node-0",
});
/** Asks for the A of "a". */
const QUERY = hex("0007 0100 0001 0000 0000 0000 0161 00 0001 0001");
const ANSWER = concat([
  hex("0007 8180 0001 0001 0000 0000 0161 00 0001 0001"),
  hex("c00c 0001 0001 0000003c 0004 c0000207"),
]);
/** SERVFAIL. */
const FAILURE = hex("0007 8182 0001 0000 0000 0000 0161 00 0001 0001");

function begin(error: unknown = STREAMS_ONLY) {
  const clock = new ManualClock();
  const servers: TestStream[] = [];
  const base: Dialer = {
    dialStream() {
      const [near, far] = streamPair();
      servers.push(far);
      return Promise.resolve(upstreamOf(near));
    },
    dialDatagram: () => rejected(error),
  };
  return { clock, servers, dialer: dnsByStream(base, clock) };
}

/** Asks, as an application's flow. */
async function ask({ dialer }: ReturnType<typeof begin>) {
  const heard: string[] = [];
  const flow = udpFlow();
  const channel = await dialer.dialDatagram(flow);
  channel.deliver((octets) => void heard.push(octets.toHex()));
  channel.send(QUERY);
  await settle();
  return { heard, flow, channel };
}

Deno.test("dnsByStream() carries questions by TCP where there are no datagrams, all of a server on one connection", async () => {
  const run = begin();
  const { heard, flow } = await ask(run);
  const [server] = run.servers;
  assertEquals(server?.taken().toHex(), `0013${QUERY.toHex()}`);
  await server?.write(concat([hex("0023"), ANSWER]));
  await settle();
  assertEquals(heard, [ANSWER.toHex()]);
  assertEquals(flow.trace, [{
    by: "dns",
    what: "192.0.2.1:53 by TCP",
    because: "no datagrams here",
  }]);
  await ask(run);
  assertEquals(run.servers.length, 1);
  assertEquals(server?.taken().toHex(), `0013${QUERY.toHex()}`);
});

Deno.test("dnsByStream() answers SERVFAIL where there is no answer in time or at all, and the flow ends with the reason", async () => {
  const late = begin();
  const { heard, channel } = await ask(late);
  const closed = assertRejects(
    () => channel.closed,
    DialError,
    "Asking 192.0.2.1:53 by TCP took longer than 4.5 s",
  );
  await late.clock.advance(4500);
  await closed;
  assertEquals(heard, [FAILURE.toHex()]);

  const gone = begin();
  const other = await ask(gone);
  await gone.servers[0]?.closeWrite();
  await assertRejects(() => other.channel.closed, DialError, "failed");
  assertEquals(other.heard, [FAILURE.toHex()]);
});

Deno.test("dnsByStream() leaves alone what is not DNS, and other failures", async () => {
  const { dialer } = begin();
  const quic = udpFlow({ dst: { host: "192.0.2.1", port: 443 } });
  const refused = () => dialer.dialDatagram(quic);
  assertEquals(await assertRejects(refused, DialError), STREAMS_ONLY);
  const failure = new DialError("refused", "no");
  const other = begin(failure);
  const failed = () => other.dialer.dialDatagram(udpFlow());
  assertEquals(await assertRejects(failed, DialError), failure);
});

Deno.test("dnsByStream() drops what is no question, and more than 64 that wait", async () => {
  const run = begin();
  const { channel } = await ask(run);
  run.servers[0]?.taken();
  channel.send(hex("ffff"));
  await settle();
  assertEquals(run.servers[0]?.taken().length, 0);
  for (let i = 0; i < 100; i++) channel.send(QUERY);
  await settle();
  assertEquals(run.servers[0]?.taken().length, 63 * (2 + QUERY.length));
});
