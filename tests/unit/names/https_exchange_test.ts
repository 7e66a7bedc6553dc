import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import { Http2Conversation } from "../../../src/names/http2_conversation.ts";
import { byHttps } from "../../../src/names/https_exchange.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../support/octets.ts";
import { queryOf, responseTo } from "../../support/dns_message.ts";
import { streamPair, type TestStream } from "../../support/stream_pair.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";

const SIGNAL = new AbortController().signal;
const SERVER = { authority: "dns.example", path: "/dns-query" };
const FIRST = queryOf(1, "a.example");
const SECOND = queryOf(2, "b.example");

function begin(alpn?: string) {
  const servers: TestStream[] = [];
  const exchange = byHttps({
    server: SERVER,
    open: () => {
      const [near, far] = streamPair();
      servers.push(far);
      return Promise.resolve(
        wrapStream(near, alpn === undefined ? {} : { alpn }),
      );
    },
    clock: new ManualClock(),
  });
  return { servers, exchange };
}

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, payload = "") {
  const octets = hex(payload);
  const head = [0, octets.length >> 8, octets.length & 0xff, type, flags];
  return Uint8Array.of(...head, 0, 0, 0, stream, ...octets);
}

/** HEADERS with status 200, and DATA. */
function response(stream: number, body: Uint8Array): Uint8Array {
  return concat([
    frame(1, 4, stream, "88"),
    frame(0, 1, stream, body.toHex()),
  ]);
}

Deno.test("byHttps() posts one question at a time on a connection of HTTP/1.1, and keeps it [RFC 8484 §4.1]", async () => {
  const { servers, exchange } = begin();
  const first = exchange(FIRST, SIGNAL);
  await settle();
  const [server] = servers;
  const asked = concat([
    ascii(
      "POST /dns-query HTTP/1.1\r\nHost: dns.example\r\nAccept: application/dns-message\r\n" +
        `Content-Type: application/dns-message\r\nContent-Length: ${FIRST.octets.length}\r\n\r\n`,
    ),
    FIRST.octets,
  ]);
  assertEquals(server?.taken().toHex(), asked.toHex());
  const answer = responseTo(FIRST);
  const head = ascii(
    `HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`,
  );
  await server?.write(head);
  await server?.write(answer);
  assertEquals((await first).toHex(), answer.toHex());

  const both = [exchange(SECOND, SIGNAL), exchange(FIRST, SIGNAL)];
  await settle();
  assertEquals(servers.length, 2);
  await server?.write(concat([head, responseTo(SECOND)]));
  await servers[1]?.write(concat([head, answer]));
  assertEquals((await Promise.all(both)).map((octets) => octets[1]), [2, 1]);
});

Deno.test("byHttps() fails when the server says no, or something else", async () => {
  const rows: [string, RegExp][] = [
    ["HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", /answered 403/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", /another question/],
    ["nonsense\r\n\r\n", /Not a status line/],
  ];
  for (const [text, message] of rows) {
    const { servers, exchange } = begin();
    const failed = assertRejects(() => exchange(FIRST, SIGNAL), ProtocolError);
    await settle();
    await servers[0]?.write(text);
    assertEquals(message.test((await failed).message), true, text);
  }
});

Deno.test("byHttps() asks many questions on one connection of HTTP/2, and answers SETTINGS and PING [RFC 9113 §6.5.3, §6.7]", async () => {
  const { servers, exchange } = begin("h2");
  const answers = [exchange(FIRST, SIGNAL), exchange(SECOND, SIGNAL)];
  await settle();
  assertEquals(servers.length, 1);
  const asked = servers[0]?.taken().toHex() ?? "";
  assertEquals(asked.includes(FIRST.octets.toHex()), true);
  assertEquals(asked.includes(SECOND.octets.toHex()), true);
  await servers[0]?.write(concat([
    frame(4, 0, 0),
    frame(6, 0, 0, "0102030405060708"),
    response(3, responseTo(SECOND)),
    response(1, responseTo(FIRST)),
  ]));
  const ids = (await Promise.all(answers)).map((octets) => octets[1]);
  assertEquals(ids, [1, 2]);
  const length = responseTo(FIRST).length.toString(16).padStart(8, "0");
  assertEquals(
    servers[0]?.taken().toHex(),
    frame(4, 1, 0).toHex() + frame(6, 1, 0, "0102030405060708").toHex() +
      frame(8, 0, 0, length).toHex().repeat(2),
  );
});

Deno.test("byHttps() fails a question whose stream of HTTP/2 is reset or does not say 200, and no other", async () => {
  const rows: [Uint8Array, RegExp][] = [
    [frame(3, 0, 1, "00000007"), /reset/],
    [frame(1, 5, 1, "8d"), /something else than 200/],
    [frame(7, 0, 0, "0000000000000000"), /goes away/],
    [response(1, responseTo(SECOND)), /another question/],
  ];
  for (const [octets, message] of rows) {
    const { servers, exchange } = begin("h2");
    const failed = assertRejects(() => exchange(FIRST, SIGNAL), ProtocolError);
    await settle();
    await servers[0]?.write(octets);
    assertEquals(message.test((await failed).message), true, `${message}`);
  }
});

Deno.test("byHttps() opens another connection when the server goes away [RFC 9113 §6.8]", async () => {
  const { servers, exchange } = begin("h2");
  const first = exchange(FIRST, SIGNAL);
  await settle();
  await servers[0]?.write(frame(7, 0, 0, "0000000100000000"));
  const second = exchange(SECOND, SIGNAL);
  await settle();
  assertEquals(servers.length, 2);
  await servers[0]?.write(response(1, responseTo(FIRST)));
  await servers[1]?.write(response(1, responseTo(SECOND)));
  assertEquals((await Promise.all([first, second])).length, 2);
});

Deno.test("Http2Conversation takes any octets, however they are cut", () => {
  const frames = fc.array(
    fc.tuple(
      fc.nat(12),
      fc.nat(255),
      fc.nat(5),
      fc.uint8Array({ maxLength: 20 }),
    ).map(([type, flags, stream, payload]) =>
      frame(type, flags, stream, payload.toHex())
    ),
  );
  fc.assert(fc.property(frames, fc.nat(30), (frames, cut) => {
    const conversation = new Http2Conversation(SERVER);
    conversation.ask(FIRST, () => {});
    const octets = concat(frames);
    conversation.take(octets.subarray(0, cut), () => {});
    conversation.take(octets.subarray(cut), () => {});
  }));
});
