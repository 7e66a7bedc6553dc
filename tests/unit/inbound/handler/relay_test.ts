import { assertEquals, assertRejects } from "@std/assert";
import type { Rejection } from "../../../../src/flow/flow.ts";
import {
  relay,
  type RelayHandlerOptions,
} from "../../../../src/inbound/handler/relay.ts";
import {
  type HandlerRun,
  handlerRun,
  send,
  sendForTcp,
} from "../../../support/handler_run.ts";
import { settle } from "../../../support/manual_clock.ts";
import { ascii, hex } from "../../../support/octets.ts";
import { readOnce } from "../../../support/stream_pair.ts";

/** CONNECT to 192.0.2.1:443, and with user "u" and password "pw". */
const CONNECT = hex("01 01 000a 02 0007 01 c0000201 01bb");
const CONNECT_AS_U = hex(
  "01 01 0012 01 0005 01 75 02 7077 02 0007 01 c0000201 01bb",
);
const UDP = hex("01 81 000a 02 0007 01 c0000201 0035");
const USER = { username: "u", password: "pw" };

function begin(changes: Partial<RelayHandlerOptions> = {}): HandlerRun {
  return handlerRun((options) =>
    relay({ bind: false, ...options, ...changes })
  );
}

Deno.test("relay() makes a flow of a request, however it is cut, and says nothing before it is accepted", async () => {
  const run = begin();
  for (const octet of CONNECT) await send(run, Uint8Array.of(octet));
  const [flow] = run.flows;
  assertEquals([flow?.id, flow?.protocol, flow?.src, flow?.dst], [
    1,
    "tcp",
    { host: "198.51.100.7", port: 5555 },
    { host: "192.0.2.1", port: 443 },
  ]);
  assertEquals(run.client.taken(), hex(""));
});

Deno.test("relay() answers yes at once when the flow is accepted, and passes on what came with the request [H.1 nodelay]", async () => {
  const run = begin();
  await send(run, Uint8Array.of(...CONNECT, ...ascii("hello")));
  const [flow] = run.flows;
  if (flow?.protocol !== "tcp") throw new Error("no TCP flow");
  const stream = await flow.accept();
  assertEquals(run.client.taken(), hex("01 00 0000"));
  assertEquals(await readOnce(stream), "hello");
});

Deno.test("relay() tells the client why a target cannot be reached, and hangs up", async () => {
  const rows: readonly [Rejection, string][] = [
    ["refused", "01050000"],
    ["unreachable", "01060000"],
    ["silent", "01040000"],
    ["prohibited", "01030000"],
  ];
  for (const [reason, answer] of rows) {
    const run = begin();
    (await sendForTcp(run, CONNECT)).reject(reason);
    await settle();
    assertEquals(run.client.taken().toHex(), answer);
    assertEquals(run.client.state(), "ended");
    assertEquals(run.server.disposed, false);
    await run.client.closeWrite();
    await settle();
    assertEquals(run.server.disposed, true);
  }
});

Deno.test("relay() gives a request one answer", async () => {
  const run = begin();
  const flow = await sendForTcp(run, CONNECT);
  flow.reject("refused");
  flow.reject("silent");
  await settle();
  assertEquals(run.client.taken().toHex(), "01050000");
});

Deno.test("relay() does not wait for ever for a client that it has turned down", async () => {
  const run = begin();
  (await sendForTcp(run, CONNECT)).reject("refused");
  await run.clock.advance(5000);
  assertEquals(run.client.state(), "The other end was aborted");
});

Deno.test("relay() resets the client when a flow is rejected after it was accepted", async () => {
  const run = begin();
  const flow = await sendForTcp(run, CONNECT);
  await flow.accept();
  flow.reject("unreachable");
  assertEquals(run.client.state(), "The other end was aborted");
});

Deno.test("relay() takes known users only, where it has any", async () => {
  const rows = [
    [CONNECT_AS_U, true],
    [CONNECT, false],
    [hex("01 01 0012 01 0005 01 75 02 7078 02 0007 01 c0000201 01bb"), false],
    [hex("01 01 0012 01 0005 01 76 02 7077 02 0007 01 c0000201 01bb"), false],
  ] as const;
  for (const [request, welcome] of rows) {
    const run = begin({ users: [USER] });
    await send(run, request);
    assertEquals(run.flows.length, welcome ? 1 : 0);
    assertEquals(run.client.taken().toHex(), welcome ? "" : "01020000");
    assertEquals(run.log.lines.some((line) => line.includes("pw")), false);
  }
});

Deno.test("relay() asks nobody for a password where it has no users, and none of a user without one", async () => {
  const anybody = begin();
  await send(anybody, CONNECT_AS_U);
  assertEquals(anybody.flows.length, 1);

  const nothing = begin({ users: [{ username: "u", password: "" }] });
  await send(nothing, CONNECT_AS_U);
  assertEquals(nothing.flows.length, 1);
});

Deno.test("relay() refuses what it cannot do, by status", async () => {
  const rows = [
    // BIND, as GOST without `bind`; ASSOCIATE; CONNECT without a target.
    ["01 02 000a 02 0007 01 c0000201 01bb", "01030000"],
    ["01 03 000a 02 0007 01 c0000201 01bb", "01010000"],
    ["01 01 0000", "01010000"],
  ] as const;
  for (const [request, answer] of rows) {
    const run = begin();
    await send(run, hex(request));
    assertEquals([run.flows.length, run.client.taken().toHex()], [0, answer]);
  }
});

Deno.test("relay() drops without a word what is no request, and who never ends one", async () => {
  for (const octets of [ascii("GET / HTTP/1.1\r\n"), hex("02 01 0000")]) {
    const run = begin();
    await send(run, octets);
    assertEquals(run.client.taken(), hex(""));
    assertEquals(run.client.state(), "The other end was aborted");
  }
  const slow = begin();
  await send(slow, CONNECT.subarray(0, 8));
  await slow.clock.advance(14_999);
  assertEquals(slow.client.state(), "open");
  await slow.clock.advance(1);
  assertEquals(slow.client.state(), "The other end was aborted");
  assertEquals([slow.flows.length, slow.clock.pending()], [0, 0]);
});

Deno.test("relay() carries datagrams of a UDP request, empty ones too", async () => {
  const run = begin();
  const flow = await send(
    run,
    Uint8Array.of(...UDP, ...hex("0001 61 0000 0002 62")),
  );
  if (flow?.protocol !== "udp") throw new Error("no UDP flow");
  assertEquals(flow.dst, { host: "192.0.2.1", port: 53 });
  const channel = await flow.accept();
  const got: string[] = [];
  channel.deliver((payload) => got.push(new TextDecoder().decode(payload)));
  await settle();
  await run.client.write("c");
  await settle();
  channel.send(ascii("pong"));
  channel.send(ascii(""));
  assertEquals(got, ["a", "", "bc"]);
  assertEquals(
    run.client.taken().toHex(),
    "01000000" + "0004706f6e67" + "0000",
  );

  await run.client.closeWrite();
  await channel.closed;
});

Deno.test("relay() ends a channel with an error when the client breaks off in the middle of a datagram", async () => {
  const run = begin();
  const flow = await send(run, Uint8Array.of(...UDP, ...hex("0009 61")));
  if (flow?.protocol !== "udp") throw new Error("no UDP flow");
  const channel = await flow.accept();
  channel.deliver(() => {});
  await run.client.closeWrite();
  await assertRejects(
    () => channel.closed,
    Error,
    "in the middle of a datagram",
  );
});

/** BIND of UDP, and its answer: any address. */
const BIND = hex("01 82 000f 04 0002 0001 02 0007 01 00000000 0000");
const BOUND = `01000016020013${"04" + "00".repeat(16)}0000`;

/** A client's datagram "a" to 192.0.2.1, on port `port`. */
function datagram(port: number, payload = "a"): Uint8Array {
  const { length } = payload;
  return Uint8Array.of(
    ...[0, length, 0xff, 1, 192, 0, 2, 1, port >> 8, port & 0xff],
    ...ascii(payload),
  );
}

Deno.test("relay() makes a flow of each destination of a BIND, all from the same source and open to all [BIND]", async () => {
  const run = begin({ bind: true });
  await send(
    run,
    Uint8Array.of(...BIND, ...datagram(53), ...datagram(54), ...datagram(53)),
  );
  assertEquals(run.client.taken().toHex(), BOUND);
  assertEquals(
    run.flows.map((
      { src, dst, isOpenToAll },
    ) => [src.port, dst.port, isOpenToAll]),
    [[5555, 53, true], [5555, 54, true]],
  );
  const [first, second] = run.flows;
  if (first?.protocol !== "udp" || second?.protocol !== "udp") {
    throw new Error("no UDP flows");
  }
  assertEquals(first.first, ascii("a"));
  const channel = await first.accept();
  let got = 0;
  channel.deliver(() => got++);
  await send(run, datagram(53));
  assertEquals(got, 3);
  channel.send(ascii("pong"));
  channel.send(ascii("hi"), { host: "198.51.100.9", port: 9 });
  assertEquals(
    run.client.taken().toHex(),
    "0004ff01c00002010035706f6e67" + "0002ff01c633640900096869",
  );

  await run.client.closeWrite();
  await channel.closed;
  await (await second.accept()).closed;
});

Deno.test("relay() begins a flow anew that was turned down or has ended, and drops none of the others", async () => {
  const run = begin({ bind: true });
  await send(run, Uint8Array.of(...BIND, ...datagram(53), ...datagram(54)));
  run.flows[0]?.reject("prohibited");
  await send(run, Uint8Array.of(...datagram(53), ...datagram(54)));
  assertEquals(run.flows.map(({ dst }) => dst.port), [53, 54, 53]);
  assertEquals(run.client.state(), "open");
});

Deno.test("relay() ends a destination that is silent for two minutes, and the most silent of too many", async () => {
  const run = begin({ bind: true });
  await send(run, Uint8Array.of(...BIND, ...datagram(1), ...datagram(2)));
  await run.clock.advance(60_000);
  await send(run, datagram(2));
  await run.clock.advance(60_000);
  await send(run, Uint8Array.of(...datagram(1), ...datagram(2)));
  assertEquals(run.flows.map(({ dst }) => dst.port), [1, 2, 1]);

  await run.clock.advance(1);
  await send(run, datagram(2));
  const more = Array.from({ length: 1023 }, (_, i) => [...datagram(i + 3)]);
  await send(run, Uint8Array.from(more.flat()));
  assertEquals(run.flows.length, 3 + 1023);
  await send(run, datagram(1));
  assertEquals(run.flows.length, 3 + 1024);
  await run.client.closeWrite();
  await settle();
  assertEquals(run.clock.pending(), 0);
});

Deno.test("relay() serves no BIND where it may not, and none of TCP", async () => {
  const tcp = hex("01 02 000a 02 0007 01 00000000 0000");
  const rows = [[false, BIND], [true, tcp]] as const;
  for (const [bind, request] of rows) {
    const run = begin({ bind });
    await send(run, request);
    assertEquals(run.client.taken().toHex(), "01030000");
  }
});
