import { assertEquals } from "@std/assert";
import type { Rejection } from "../../../../src/flow/flow.ts";
import {
  socks5,
  type Socks5HandlerOptions,
} from "../../../../src/inbound/handler/socks5.ts";
import {
  type HandlerRun,
  handlerRun,
  send,
  sendForTcp,
} from "../../../support/handler_run.ts";
import { settle } from "../../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../../support/octets.ts";
import { readOnce } from "../../../support/stream_pair.ts";

const HELLO = hex("05 01 00");
/** CONNECT to 192.0.2.1:443. */
const CONNECT = hex("05 01 00 01 c0000201 01bb");
const AS_U = hex("05 02 00 02 | 01 01 75 02 7077");
const USER = { username: "u", password: "pw" };
const YES = "05000001000000000000";

function begin(changes: Partial<Socks5HandlerOptions> = {}): HandlerRun {
  return handlerRun((options) =>
    socks5({ udp: false, ...options, ...changes })
  );
}

Deno.test("socks5() makes a flow of a request, however it is cut, and says nothing before it is accepted [RFC 1928 §4]", async () => {
  const run = begin();
  for (const octet of HELLO) await send(run, Uint8Array.of(octet));
  assertEquals(run.client.taken(), hex("05 00"));
  const name = hex("05 01 00 03 0b 6578616d706c652e636f6d 01bb");
  for (const octet of name) await send(run, Uint8Array.of(octet));
  const [flow] = run.flows;
  assertEquals([flow?.protocol, flow?.src.port, flow?.dst], [
    "tcp",
    5555,
    { host: "example.com", port: 443 },
  ]);
  assertEquals(run.client.taken(), hex(""));
});

Deno.test("socks5() passes on what came with the request", async () => {
  const run = begin();
  const flow = await sendForTcp(run, concat([HELLO, CONNECT, ascii("hi")]));
  const stream = await flow.accept();
  assertEquals(run.client.taken().toHex(), `0500${YES}`);
  assertEquals(await readOnce(stream), "hi");
});

Deno.test("socks5() tells the client why a target cannot be reached, and hangs up [RFC 1928 §6]", async () => {
  const rows: readonly [Rejection, string][] = [
    ["refused", "05"],
    ["unreachable", "04"],
    ["silent", "06"],
    ["prohibited", "02"],
  ];
  for (const [reason, code] of rows) {
    const run = begin();
    (await sendForTcp(run, concat([HELLO, CONNECT]))).reject(reason);
    await settle();
    assertEquals(
      run.client.taken().toHex(),
      `050005${code}0001000000000000`,
    );
    assertEquals(run.client.state(), "ended");
  }
});

Deno.test("socks5() takes known users only, where it has any [RFC 1929]", async () => {
  const welcome = begin({ users: [USER] });
  await send(welcome, concat([AS_U, CONNECT]));
  assertEquals(welcome.flows.length, 1);
  assertEquals(welcome.client.taken(), hex("05 02 01 00"));

  const wrong = begin({ users: [USER] });
  await send(wrong, hex("05 01 02 | 01 01 75 02 7078"));
  assertEquals(wrong.client.taken(), hex("05 02 01 01"));
  assertEquals(wrong.client.state(), "ended");

  const nobody = begin({ users: [USER] });
  await send(nobody, concat([HELLO, CONNECT]));
  assertEquals(nobody.client.taken(), hex("05 ff"));
  assertEquals(nobody.client.state(), "ended");
  const lines = [...welcome.log.lines, ...wrong.log.lines];
  assertEquals(lines.some((line) => line.includes("pw")), false);
});

Deno.test("socks5() asks nobody for a password where it has no users, and takes any from who wants to give one", async () => {
  const both = begin();
  await send(both, hex("05 02 00 02"));
  assertEquals(both.client.taken(), hex("05 00"));
  const only = begin();
  await send(only, hex("05 01 02 | 01 01 75 02 7077"));
  assertEquals(only.client.taken(), hex("05 02 01 00"));
});

Deno.test("socks5() refuses what it cannot do, by reply [RFC 1928 §6]", async () => {
  const rows = [
    // BIND; an address of no type; datagrams, as GOST without `udp`.
    ["05 02 00 01 c0000201 01bb", "07"],
    ["05 01 00 05 c0000201 01bb", "08"],
    ["05 03 00 01 00000000 0000", "02"],
    ["05 f3 00 03 00 0000", "02"],
  ] as const;
  for (const [request, code] of rows) {
    const run = begin();
    await send(run, concat([HELLO, hex(request)]));
    assertEquals(run.flows.length, 0);
    assertEquals(
      run.client.taken().toHex(),
      `050005${code}0001000000000000`,
    );
  }
});

Deno.test("socks5() drops without a word what is no SOCKS5, and who never ends a request", async () => {
  const other = begin();
  await send(other, ascii("GET / HTTP/1.1\r\n"));
  assertEquals(other.client.taken(), hex(""));
  assertEquals(other.client.state(), "The other end was aborted");

  const slow = begin();
  await send(slow, HELLO);
  await slow.clock.advance(14_999);
  assertEquals(slow.client.state(), "open");
  await slow.clock.advance(1);
  assertEquals(slow.client.state(), "The other end was aborted");
  assertEquals(slow.clock.pending(), 0);
});

Deno.test("socks5() carries GOST's datagrams on the stream, each to its own destination", async () => {
  const run = begin({ udp: true });
  const datagram = hex("0001 ff 01 c0000201 0035 61");
  await send(run, concat([HELLO, hex("05 f3 00 03 00 0000"), datagram]));
  const [flow] = run.flows;
  if (flow?.protocol !== "udp") throw new Error("no UDP flow");
  assertEquals(flow.dst, { host: "192.0.2.1", port: 53 });
  const channel = await flow.accept();
  let got = "";
  channel.deliver((payload) => got += new TextDecoder().decode(payload));
  channel.send(ascii("hi"));
  assertEquals(got, "a");
  assertEquals(
    run.client.taken().toHex(),
    `0500${YES}0002ff01c000020100356869`,
  );
  await run.client.closeWrite();
  await channel.closed;
});
