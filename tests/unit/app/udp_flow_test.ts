import { assertEquals } from "@std/assert";
import { udpFlow } from "../../../src/app/udp_flow.ts";
import type { UdpFlow } from "../../../src/flow/flow.ts";
import { type Drill, drill } from "../../support/drill.ts";
import { ascii } from "../../support/octets.ts";
import { readIp, readUdp, udp } from "../../support/packet.ts";

const FLOW = {
  src: "10.0.0.2",
  dst: "192.0.2.1",
  sourcePort: 5000,
  destinationPort: 53,
};

/** A session whose first datagram is "one", as a flow that carries four octets at most. */
function begin(): { d: Drill; flow: UdpFlow; controller: AbortController } {
  const d = drill("LISTEN").inRaw(udp({ ...FLOW, payload: ascii("one") }));
  const [session] = d.sessions;
  if (session === undefined) throw new Error("no session");
  const controller = new AbortController();
  return { d, controller, flow: udpFlow(session, { id: 7, controller }, 4) };
}

/** Type and code of the ICMP errors that have been sent. */
function errorsOf(d: Drill): readonly string[] {
  return d.poll().emitted.splice(0).map(readIp)
    .map(({ payload: [type, code] }) => `${type}/${code}`);
}

Deno.test("udpFlow() says who talks to whom, and lends the first datagram", () => {
  const { flow } = begin();
  assertEquals(
    [flow.id, flow.src, flow.dst],
    [7, { host: "10.0.0.2", port: 5000 }, { host: "192.0.2.1", port: 53 }],
  );
  assertEquals(flow.first, ascii("one"));
});

Deno.test("udpFlow() carries datagrams both ways, none longer than its limit [H.2 udpBufferSize]", async () => {
  const { d, flow } = begin();
  await using channel = await flow.accept();
  const got: string[] = [];
  channel.deliver((payload) => got.push(new TextDecoder().decode(payload)));
  d.inRaw(udp({ ...FLOW, payload: ascii("") }));
  d.inRaw(udp({ ...FLOW, payload: ascii("12345") }));
  d.inRaw(udp({ ...FLOW, payload: ascii("1234") }));
  channel.send(ascii("pong"));
  channel.send(ascii("longer"));

  assertEquals(got, ["one", "", "1234"]);
  const sent = d.poll().emitted.splice(0).map(readUdp);
  assertEquals(sent.map(({ payload }) => payload), [ascii("pong")]);
});

Deno.test("udpFlow() tells the application why it cannot be carried, also after it was accepted", async () => {
  const rows = [["refused", "3/3"], ["unreachable", "3/1"]] as const;
  for (const [reason, error] of rows) {
    const before = begin();
    before.flow.reject(reason);
    assertEquals(errorsOf(before.d), [error]);

    const after = begin();
    const channel = await after.flow.accept();
    channel.deliver(() => {});
    await channel[Symbol.asyncDispose]();
    after.flow.reject(reason);
    assertEquals(errorsOf(after.d), [error]);
  }
});

Deno.test("udpFlow() says nothing when a target that has answered cannot be reached any more, unless it refuses", async () => {
  const rows = [["refused", ["3/3"]], ["unreachable", []]] as const;
  for (const [reason, errors] of rows) {
    const { d, flow } = begin();
    const channel = await flow.accept();
    channel.deliver(() => {});
    channel.send(ascii("pong"));
    d.poll().emitted.splice(0);
    await channel[Symbol.asyncDispose]();
    flow.reject(reason);
    assertEquals(errorsOf(d), [...errors]);
  }
});

Deno.test("udpFlow() leaves alone what the application has begun anew when it is rejected late", async () => {
  const { d, flow } = begin();
  const channel = await flow.accept();
  await channel[Symbol.asyncDispose]();
  d.inRaw(udp({ ...FLOW, payload: ascii("two") }));
  assertEquals(d.sessions.length, 2);
  flow.reject("refused");
  d.inRaw(udp({ ...FLOW, payload: ascii("more") }));
  assertEquals(d.sessions.length, 2);
});

Deno.test("udpFlow() ends with its session, and aborts what is done for it", async () => {
  const { d, flow, controller } = begin();
  const channel = await flow.accept();
  channel.deliver(() => {});
  d.advance(31_000);
  await channel.closed;
  assertEquals(controller.signal.aborted, true);
});

Deno.test("udpFlow() lets others than the destination answer the application, where they have an address of its family", async () => {
  const { d, flow } = begin();
  await using channel = await flow.accept();
  const peer = { host: "198.51.100.7", port: 7777 };
  channel.send(ascii("one"), peer);
  channel.send(ascii("two"), peer);
  channel.send(ascii("no"), { host: "2001:db8::7", port: 7777 });
  channel.send(ascii("no"), { host: "a.example", port: 7777 });
  channel.send(ascii("long?"), peer);
  channel.send(ascii("own"));
  const emitted = d.poll().emitted.splice(0);
  const sent = emitted.map(readUdp).map(({ payload, sourcePort }) =>
    `${new TextDecoder().decode(payload)} ${sourcePort}`
  );
  assertEquals(sent, ["one 7777", "two 7777", "own 53"]);
  assertEquals(emitted.map(readIp).map(({ src }) => src), [
    peer.host,
    peer.host,
    FLOW.dst,
  ]);
});
