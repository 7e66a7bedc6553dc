import { assertEquals } from "@std/assert";
import { socks4 } from "../../../../src/inbound/handler/socks4.ts";
import { handlerRun, send, sendForTcp } from "../../../support/handler_run.ts";
import { settle } from "../../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../../support/octets.ts";
import { readOnce } from "../../../support/stream_pair.ts";

/** CONNECT to 192.0.2.1:80 as "u". */
const CONNECT = hex("04 01 0050 c0000201 75 00");

Deno.test("socks4() makes a flow of a request, and answers when it is accepted", async () => {
  const run = handlerRun(socks4);
  const flow = await sendForTcp(run, concat([CONNECT, ascii("hi")]));
  assertEquals(flow.dst, { host: "192.0.2.1", port: 80 });
  const stream = await flow.accept();
  assertEquals(run.client.taken(), hex("00 5a 0000 00000000"));
  assertEquals(await readOnce(stream), "hi");
});

Deno.test("socks4() takes names, however the request is cut [SOCKS4A]", async () => {
  const run = handlerRun(socks4);
  const request = hex("04 01 0050 00000001 00 612e6578616d706c65 00");
  for (const octet of request) await send(run, Uint8Array.of(octet));
  assertEquals(run.flows[0]?.dst, { host: "a.example", port: 80 });
});

Deno.test("socks4() has one refusal for all that it does not do", async () => {
  const refused = handlerRun(socks4);
  (await sendForTcp(refused, CONNECT)).reject("unreachable");
  const bind = handlerRun(socks4);
  await send(bind, hex("04 02 0050 c0000201 75 00"));
  const user = handlerRun((options) =>
    socks4({ ...options, users: [{ username: "u", password: "pw" }] })
  );
  await send(user, CONNECT);
  await settle();
  for (const run of [refused, bind, user]) {
    assertEquals(run.client.taken(), hex("00 5b 0000 00000000"));
    assertEquals(run.client.state(), "ended");
  }
});

Deno.test("socks4() takes users without a password", async () => {
  const users = [{ username: "u", password: "" }];
  const run = handlerRun((options) => socks4({ ...options, users }));
  await send(run, CONNECT);
  assertEquals(run.flows.length, 1);
});

Deno.test("socks4() drops without a word what is no request, or a longer one than there is", async () => {
  for (const octets of [hex("05 01 00"), new Uint8Array(600).fill(4)]) {
    const run = handlerRun(socks4);
    await send(run, octets);
    assertEquals(run.client.taken(), hex(""));
    assertEquals(run.client.state(), "The other end was aborted");
  }
});
