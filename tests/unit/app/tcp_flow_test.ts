import { assertEquals, assertRejects } from "@std/assert";
import { tcpFlow } from "../../../src/app/tcp_flow.ts";
import type { TcpFlow } from "../../../src/flow/flow.ts";
import { type ByteStream, READY } from "../../../src/flow/stream.ts";
import { type Drill, drill } from "../../support/drill.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii } from "../../support/octets.ts";
import { readIp } from "../../support/packet.ts";
import { readAll, readOnce } from "../../support/stream_pair.ts";

interface Begun {
  readonly d: Drill;
  readonly flow: TcpFlow;
  readonly controller: AbortController;
}

/** A SYN as a flow. */
function begin(): Begun {
  const d = drill("LISTEN").in({ flags: "S", mss: 1380 });
  const [syn] = d.syns;
  if (syn === undefined) throw new Error("no SYN");
  const controller = new AbortController();
  return { d, controller, flow: tcpFlow(syn, { id: 7, controller }) };
}

/** The same, its handshake done. */
async function accept(): Promise<Begun & { readonly stream: ByteStream }> {
  const begun = begin();
  const accepted = begun.flow.accept();
  begun.d.poll().out({ flags: "SA" }).in({ seq: 1, ack: 1 });
  return { ...begun, stream: await accepted };
}

Deno.test("tcpFlow() says who talks to whom, and answers nothing by itself", () => {
  const { d, flow } = begin();
  assertEquals(
    [flow.id, flow.src, flow.dst],
    [7, { host: "10.0.0.2", port: 40_000 }, { host: "192.0.2.1", port: 80 }],
  );
  d.silent();
});

Deno.test("tcpFlow() accepts when the application has answered the SYN-ACK", async () => {
  const { d, flow } = begin();
  let accepted = false;
  flow.accept().then(() => accepted = true);
  d.poll().out({ flags: "SA" });
  await settle();
  assertEquals(accepted, false);
  d.in({ seq: 1, ack: 1 });
  await settle();
  assertEquals(accepted, true);
});

Deno.test("tcpFlow() refuses with RST, and with ICMP or nothing where the target did", () => {
  const refused = begin();
  refused.flow.reject("refused");
  refused.d.poll().out({ flags: "RA", ack: 1 }).silent();

  const rows = [["unreachable", [3, 1]], ["prohibited", [3, 13]]] as const;
  for (const [reason, typeAndCode] of rows) {
    const { d, flow } = begin();
    flow.reject(reason);
    const [error] = d.poll().emitted.splice(0).map(readIp);
    assertEquals([...error?.payload.subarray(0, 2) ?? []], [...typeAndCode]);
  }

  const silent = begin();
  silent.flow.reject("silent");
  silent.d.poll().silent();
});

Deno.test("tcpFlow() resets a connection that is rejected after it was accepted", async () => {
  const { d, flow, stream, controller } = await accept();
  flow.reject("silent");
  d.poll().out({ flags: "RA" });
  assertEquals(controller.signal.aborted, true);
  await assertRejects(() => readOnce(stream), Error, "given up");
});

Deno.test("tcpFlow() aborts what is done for a SYN whose application gives up", async () => {
  const { d, flow, controller } = begin();
  d.in({ flags: "R", seq: 1 });
  assertEquals(controller.signal.aborted, true);
  await assertRejects(() => flow.accept(), Error, "given up");
});

Deno.test("tcpFlow() reads what has come before and what comes later, then the application's FIN", async () => {
  const { d, stream } = await accept();
  d.in({ seq: 1, ack: 1, text: "now " });
  const all = readAll(stream);
  await settle();
  d.in({ seq: 5, ack: 1, text: "later" });
  await settle();
  d.in({ flags: "FA", seq: 10, ack: 1 });
  assertEquals(await all, "now later");
});

Deno.test("tcpFlow() goes on writing after the application's FIN, and ends in order when both have ended", async () => {
  const { d, stream, controller } = await accept();
  d.in({ flags: "FA", seq: 1, ack: 1 });
  d.emitted.splice(0);
  assertEquals(await readOnce(stream), undefined);
  await stream.write(ascii("still here"));
  await stream.closeWrite();
  await stream[Symbol.asyncDispose]();
  d.poll();
  d.out({ flags: "FPA", text: "still here" }).in({ seq: 2, ack: 12 });
  d.silent();
  assertEquals(controller.signal.aborted, false);
});

Deno.test("tcpFlow() resets what is disposed before it has ended", async () => {
  const { d, stream } = await accept();
  await stream.closeWrite();
  await stream[Symbol.asyncDispose]();
  assertEquals(d.poll().emitted.length > 0, true);
  let last = d.next();
  while (d.emitted.length > 0) last = d.next();
  assertEquals(last.flags, "RA");
});

Deno.test("tcpFlow() fails reads, writes and the flow when the application resets", async () => {
  const { d, stream, controller } = await accept();
  const reading = assertRejects(() => readOnce(stream), Error, "has reset");
  d.in({ flags: "R", seq: 1 });
  await reading;
  await assertRejects(() => stream.write(ascii("x")), Error, "has reset");
  await assertRejects(() => stream.closeWrite(), Error, "has reset");
  assertEquals(controller.signal.aborted, true);
});

Deno.test("tcpFlow() makes a writer wait while more than 256 KiB are on their way", async () => {
  const { d, stream } = await accept();
  assertEquals(stream.write(new Uint8Array(256 * 1024)), READY);
  let room = false;
  stream.write(new Uint8Array(1)).then(() => room = true);
  await settle();
  assertEquals(room, false);
  for (let ack = 1, i = 0; !room && i < 1000; i++) {
    d.poll();
    while (d.emitted.length > 0) {
      const { seq = 0, text = "" } = d.next();
      ack = Math.max(ack, seq + String(text).length);
    }
    d.in({ seq: 1, ack });
    await settle();
  }
  assertEquals(room, true);
});
