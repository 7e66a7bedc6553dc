import { assertEquals } from "@std/assert";
import type { Flow } from "../../../src/flow/flow.ts";
import { sniff, type SniffOptions } from "../../../src/middleware/sniff.ts";
import { encodeDnsQuery } from "../../../src/proto/dns.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii, concat, expectOctets, hex } from "../../support/octets.ts";
import { readOnce, streamPair } from "../../support/stream_pair.ts";

/** A ClientHello for "a.example", and one without SNI. */
const HELLO = clientHello(hex("0000 000e 000c 00 0009 612e6578616d706c65"));
const NAMELESS = clientHello(hex("ff01 0001 00"));

function clientHello(extensions: Uint8Array): Uint8Array {
  const body = concat([
    hex("0303"),
    new Uint8Array(32),
    hex("00 0002 1301 01 00"),
    Uint8Array.of(extensions.length >> 8, extensions.length),
    extensions,
  ]);
  const handshake = concat([
    Uint8Array.of(1, 0, body.length >> 8, body.length),
    body,
  ]);
  const { length } = handshake;
  return concat([Uint8Array.of(0x16, 3, 1, length >> 8, length), handshake]);
}

function begin(changes: Partial<SniffOptions> = {}) {
  const clock = new ManualClock();
  const [application, local] = streamPair();
  const run = sniff({ tcp: true, udp: true, timeout: 300, clock, ...changes });
  const passed: Flow[] = [];
  const flow = tcpFlow(local);
  const done = run(flow, (flow) => {
    passed.push(flow);
    return Promise.resolve({ via: "direct" });
  });
  return { clock, application, flow, passed, done };
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
  return [flow.name, flow.trace.at(-1)?.because];
}

Deno.test("sniff() reads the name from HTTP's Host and TLS' SNI, and leaves the octets untouched", async () => {
  const get = "GET / HTTP/1.1\r\nHost: www.example.com:8080\r\n\r\n";
  assertEquals(await nameOf(ascii(get)), ["www.example.com", "HTTP Host"]);
  assertEquals(await nameOf(HELLO), ["a.example", "TLS SNI"]);
});

Deno.test("sniff() finds no name where there is none to be trusted", async () => {
  const rows = [
    NAMELESS,
    ascii("SSH-2.0-OpenSSH_9.6\r\n"),
    ascii("GET / HTTP/1.0\r\n\r\n"),
    // Those talk to a proxy: what they name is not where they are connected to.
    ascii("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"),
    ascii("GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n"),
    ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    hex("00"),
  ];
  for (const octets of rows) {
    assertEquals(await nameOf(octets), [undefined, undefined]);
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

Deno.test("sniff() of UDP notes what a DNS query asks for, and sends it where it was meant to go", async () => {
  const query = { id: 1, name: "www.example.com", type: "A" } as const;
  const first = expectOctets(encodeDnsQuery(query));
  const rows = [[true, ["www.example.com"]], [false, []]] as const;
  for (const [udp, noted] of rows) {
    const run = sniff({
      tcp: true,
      udp,
      timeout: 300,
      clock: new ManualClock(),
    });
    const flow = udpFlow({ first });
    let passed: Flow | undefined;
    await run(flow, (flow) => {
      passed = flow;
      return Promise.resolve({ via: "direct" });
    });
    assertEquals(passed === flow, true);
    assertEquals(flow.trace.map(({ what }) => what), [...noted]);
  }
});

Deno.test("sniff() leaves TCP alone when it is for UDP", async () => {
  const { flow, passed, done } = begin({ tcp: false });
  await done;
  assertEquals(passed[0] === flow, true);
});
