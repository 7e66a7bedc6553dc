import { assertEquals } from "@std/assert";
import type { Flow } from "../../../src/flow/flow.ts";
import type { Outcome } from "../../../src/flow/handler.ts";
import { sniff, type SniffOptions } from "../../../src/middleware/sniff.ts";
import { encodeDnsQuery } from "../../../src/proto/dns.ts";
import { channelPair } from "../../support/channel_pair.ts";
import { helloMessage, helloRecord } from "../../support/client_hello.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii, expectOctets, hex } from "../../support/octets.ts";
import { crypto, initial, readInitial } from "../../support/quic.ts";
import { readOnce, streamPair } from "../../support/stream_pair.ts";

const HELLO = helloRecord("a.example");
const NAMELESS = helloRecord();

function begin(changes: Partial<SniffOptions> = {}) {
  const clock = new ManualClock();
  const [application, local] = streamPair();
  const prepared: Flow[] = [];
  const run = sniff({
    tcp: true,
    udp: true,
    timeout: 300,
    clock,
    needsName: () => true,
    prepare: (flow) => prepared.push(flow),
    ...changes,
  });
  const passed: Flow[] = [];
  const pass = (flow: Flow): Promise<Outcome> => {
    passed.push(flow);
    return Promise.resolve({ via: "direct" });
  };
  const flow = tcpFlow(local);
  const done = run(flow, pass);
  return { clock, application, flow, passed, prepared, done, run, pass };
}

/** The name that was found in `octets`, and the first octets as whoever comes next reads them. */
async function nameOf(octets: Uint8Array): Promise<readonly unknown[]> {
  const { clock, application, passed, done } = begin();
  await application.write(octets);
  await settle();
  await clock.advance(300);
  await done;
  const [flow] = passed;
  if (flow?.protocol !== "tcp") throw new Error("it was not passed on");
  let first = new Uint8Array(0);
  await (await flow.accept()).read((octets) => first = octets.slice());
  assertEquals(first, octets);
  const step = flow.trace.at(-1);
  return [flow.name, step?.what, step?.because];
}

Deno.test("sniff() reads the name from HTTP's Host and TLS' SNI, and leaves the octets untouched", async () => {
  const get = "GET / HTTP/1.1\r\nHost: www.example.com:8080\r\n\r\n";
  const found = (name: string, by: string) => [name, name, by];
  assertEquals(await nameOf(ascii(get)), found("www.example.com", "HTTP Host"));
  assertEquals(await nameOf(HELLO), found("a.example", "TLS SNI"));
});

Deno.test("sniff() finds no name where there is none to be trusted, and says what it is where it can [H.2 sniffed HTTP]", async () => {
  const rows: [Uint8Array, string | undefined][] = [
    [NAMELESS, "TLS"],
    [ascii("SSH-2.0-OpenSSH_9.6\r\n"), "SSH"],
    [ascii("GET / HTTP/1.0\r\n\r\n"), "HTTP"],
    // Those talk to a proxy: what they name is not where they are connected to. [E.4]
    [
      ascii("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"),
      "HTTP",
    ],
    [
      ascii("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
      "HTTP",
    ],
    [ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP/2"],
    [hex("00"), undefined],
  ];
  for (const [octets, label] of rows) {
    const because = label && "first octets";
    assertEquals(await nameOf(octets), [undefined, label, because]);
  }
});

Deno.test("sniff() puts a ClientHello together that comes in pieces", async () => {
  const { application, passed, done } = begin();
  for (const octet of HELLO) {
    await application.write(Uint8Array.of(octet));
    await settle();
  }
  await done;
  assertEquals(passed[0]?.name, "a.example");
});

Deno.test("sniff() waits no longer than its timeout for an application that lets the server speak first", async () => {
  const { clock, application, passed, done } = begin();
  await clock.advance(299);
  assertEquals(passed.length, 0);
  await clock.advance(1);
  await done;
  const [flow] = passed;
  if (flow?.protocol !== "tcp") throw new Error("it was not passed on");
  const stream = await flow.accept();
  const later = readOnce(stream);
  await application.write("later");
  assertEquals([flow.name, flow.accepted, await later], [
    undefined,
    true,
    "later",
  ]);
  assertEquals(clock.pending(), 0);
});

Deno.test("sniff() passes on the end of an application that says nothing", async () => {
  const { application, passed, done } = begin();
  await application.closeWrite();
  await done;
  const [flow] = passed;
  if (flow?.protocol !== "tcp") throw new Error("it was not passed on");
  assertEquals(await readOnce(await flow.accept()), undefined);
});

Deno.test("sniff() looks at no more than 16 KiB", async () => {
  const { application, passed, done } = begin();
  await application.write("GET / HTTP/1.1\r\nX: " + "x".repeat(17_000));
  await done;
  assertEquals(passed[0]?.name, undefined);
});

Deno.test("sniff() waits for nothing where the way cannot depend on a name, and notes what passes", async () => {
  const rows = [[HELLO, "a.example", "TLS SNI"], [
    ascii("SSH-2.0-x\r\n"),
    "SSH",
    "first octets",
  ]] as const;
  for (const [said, what, because] of rows) {
    const { application, flow, passed, prepared, done } = begin({
      needsName: () => false,
    });
    await done;
    const [next] = passed;
    if (next?.protocol !== "tcp") throw new Error("it was not passed on");
    assertEquals([next.accepted, prepared], [undefined, []]);
    flow.trace.push({ by: "direct", what: "direct" });
    await application.write(said);
    await (await next.accept()).read(() => {});
    assertEquals(flow.trace.map(({ what }) => what), [what, "direct"]);
    assertEquals(flow.trace[0]?.because, because);
  }
});

Deno.test("sniff() gets the carrier ready while it waits, unless the application speaks at once", async () => {
  const { clock, flow, passed, prepared } = begin();
  await clock.advance(9);
  assertEquals(prepared.length, 0);
  await clock.advance(1);
  assertEquals([prepared[0] === flow, passed.length], [true, 0]);

  const quick = begin();
  await quick.application.write(HELLO);
  await quick.done;
  await quick.clock.advance(10);
  assertEquals(quick.prepared.length, 0);
});

Deno.test("sniff() does not wait again for a destination that has spoken first", async () => {
  const { clock, application, flow, passed, done, run, pass } = begin();
  await clock.advance(300);
  await done;
  flow.traffic.received = 20;
  await application.write("after the banner");
  await settle();

  const again = tcpFlow(streamPair()[1]);
  await run(again, pass);
  const other = tcpFlow(streamPair()[1], {
    dst: { host: "192.0.2.2", port: 443 },
  });
  void run(other, pass);
  assertEquals(passed.map(({ dst }) => dst.host), ["192.0.2.1", "192.0.2.1"]);
  await clock.advance(5 * 60_000);
  void run(again, pass);
  await settle();
  assertEquals(passed.length, 3);
});

Deno.test("sniff() waits again for a destination whose application was only slow", async () => {
  const { clock, application, passed, done, run, pass } = begin();
  await clock.advance(300);
  await done;
  await application.write(HELLO);
  await settle();
  void run(tcpFlow(streamPair()[1]), pass);
  await settle();
  assertEquals(passed.length, 1);
});

/** What a UDP flow is called, and what was noted of it, by its first datagram alone. */
async function noted(
  first: Uint8Array,
  changes: Partial<SniffOptions> = {},
): Promise<readonly unknown[]> {
  const { run, pass, passed } = begin(changes);
  passed.length = 0;
  const flow = udpFlow({ first });
  await run(flow, pass);
  const step = flow.trace.at(-1);
  return [passed[0]?.name, step?.what, step?.because];
}

Deno.test("sniff() of UDP notes what a DNS query asks for, and sends it where it was meant to go", async () => {
  const query = { id: 1, name: "www.example.com", type: "A" } as const;
  const first = expectOctets(encodeDnsQuery(query));
  const asked = [undefined, "www.example.com", "DNS"];
  assertEquals(await noted(first), asked);
  const nothing = [undefined, undefined, undefined];
  assertEquals(await noted(first, { udp: false }), nothing);
});

Deno.test("sniff() of UDP reads the name from QUIC's first datagram, and says what others are", async () => {
  const found = ["example.com", "example.com", "QUIC SNI"];
  for (const name of ["rfc9001-a2", "rfc9369-a2"]) {
    assertEquals(await noted(readInitial(name)), found);
  }
  const stun = hex("0001 0000 2112a442 000000000000000000000000");
  assertEquals(await noted(stun), [undefined, "STUN", "first datagram"]);
  const nameless = initial({ payload: crypto(0, helloMessage()) });
  assertEquals(await noted(nameless), [undefined, "QUIC", "first datagram"]);
});

Deno.test("sniff() of UDP waits for the other datagrams of a hello where the name matters, and passes all of them on", async () => {
  const hello = helloMessage("a.example", 1500);
  const datagrams = [[0, 1000], [1000, hello.length]].map(([from, to], i) =>
    initial({ payload: crypto(from ?? 0, hello.subarray(from, to)), number: i })
  );
  const [first = hex(""), second = hex("")] = datagrams;
  for (const inTime of [true, false]) {
    const { clock, run, pass, passed, done: ignored } = begin({ tcp: false });
    await ignored;
    passed.length = 0;
    const [local, application] = channelPair();
    application.send(first);
    const flow = udpFlow({ first, accept: () => Promise.resolve(local) });
    const done = run(flow, pass);
    await settle();
    assertEquals(passed.length, 0);
    if (inTime) application.send(second);
    else await clock.advance(300);
    await done;
    const [next] = passed;
    if (next?.protocol !== "udp") throw new Error("it was not passed on");
    assertEquals(next.name, inTime ? "a.example" : undefined);
    assertEquals(flow.trace.at(-1)?.what, inTime ? "a.example" : "QUIC");
    const taken: string[] = [];
    (await next.accept()).deliver((payload) => taken.push(payload.toHex()));
    application.send(hex("40"));
    const expected = inTime ? [first, second, hex("40")] : [first, hex("40")];
    assertEquals(taken, expected.map((octets) => octets.toHex()));
    assertEquals(clock.pending(), 0);
  }
});

Deno.test("sniff() of UDP waits for no other datagram where no name matters", async () => {
  const hello = helloMessage("a.example", 1500);
  const first = initial({ payload: crypto(0, hello.subarray(0, 1000)) });
  const result = await noted(first, { needsName: () => false });
  assertEquals(result, [undefined, "QUIC", "first datagram"]);
});

Deno.test("sniff() leaves TCP alone when it is for UDP", async () => {
  const { flow, passed, done } = begin({ tcp: false });
  await done;
  assertEquals(passed[0] === flow, true);
});

Deno.test("sniff() of UDP waits for a first datagram that a far end's client has not sent yet", async () => {
  const rows = [
    [readInitial("rfc9001-a2"), "example.com", "example.com"],
    [hex("0001 0000 2112a442 000000000000000000000000"), undefined, "STUN"],
    [undefined, undefined, undefined],
  ] as const;
  for (const [datagram, name, what] of rows) {
    const { clock, run, pass, passed, done: ignored } = begin({ tcp: false });
    await ignored;
    passed.length = 0;
    const [local, client] = channelPair();
    const flow = udpFlow({ accept: () => Promise.resolve(local) });
    const done = run(flow, pass);
    await settle();
    assertEquals(passed.length, 0);
    if (datagram === undefined) await clock.advance(300);
    else client.send(datagram);
    await done;
    assertEquals([passed[0]?.name, flow.trace.at(-1)?.what], [name, what]);
  }
});
