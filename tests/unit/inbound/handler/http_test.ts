import { assertEquals, assertMatch } from "@std/assert";
import type { Rejection } from "../../../../src/flow/flow.ts";
import {
  http,
  type HttpHandlerOptions,
} from "../../../../src/inbound/handler/http.ts";
import {
  type HandlerRun,
  handlerRun,
  send,
  sendForTcp,
} from "../../../support/handler_run.ts";
import { settle } from "../../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../../support/octets.ts";
import { readAll, readOnce } from "../../../support/stream_pair.ts";

const CONNECT = ascii(
  "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
);
const OK = "HTTP/1.1 200 Connection established\r\n\r\n";

function begin(changes: Partial<HttpHandlerOptions> = {}): HandlerRun {
  return handlerRun((options) => http({ udp: false, ...options, ...changes }));
}

Deno.test("http() opens a tunnel to the target of a CONNECT [RFC 9110 §9.3.6]", async () => {
  const run = begin();
  const flow = await sendForTcp(run, concat([CONNECT, ascii("hi")]));
  assertEquals(flow.dst, { host: "example.com", port: 443 });
  assertEquals(run.client.text(), "");
  const stream = await flow.accept();
  assertEquals(run.client.text(), OK);
  assertEquals(await readOnce(stream), "hi");
});

Deno.test("http() forwards a request in absolute-form, without what was meant for the proxy [RFC 9112 §3.2.2]", async () => {
  const run = begin();
  const flow = await sendForTcp(
    run,
    ascii([
      "POST http://[2001:db8::1]:8080/a?b=http://c HTTP/1.1",
      "Host: other.example",
      "Proxy-Authorization: Basic dTpwdw==",
      "Proxy-Connection: keep-alive",
      "Connection: keep-alive, x-hop",
      "X-Hop: 1",
      "accept-encoding: gzip",
      "Content-Length: 2",
      "",
      "hi",
    ].join("\r\n")),
  );
  assertEquals(flow.dst, { host: "2001:db8::1", port: 8080 });
  const stream = await flow.accept();
  assertEquals(run.client.text(), "");
  assertEquals(
    await readOnce(stream),
    [
      "POST /a?b=http://c HTTP/1.1",
      "Host: [2001:db8::1]:8080",
      "Accept-Encoding: gzip",
      "Content-Length: 2",
      "Connection: close",
      "",
      "",
    ].join("\r\n"),
  );
  await run.client.write("GET http://other/ HTTP/1.1\r\n\r\n");
  await run.client.closeWrite();
  assertEquals(await readAll(stream), "hi");
});

Deno.test("http() forwards the root of a host, an old version, and an upgrade", async () => {
  const rows = [
    [
      "GET http://h HTTP/1.0\r\n",
      "GET / HTTP/1.0\r\nHost: h\r\nConnection: close",
    ],
    [
      "GET http://u:p@h?q HTTP/1.1\r\n",
      "GET /?q HTTP/1.1\r\nHost: h\r\nConnection: close",
    ],
    [
      "GET http://h/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket",
    ],
  ] as const;
  for (const [request, forwarded] of rows) {
    const flow = await sendForTcp(begin(), ascii(`${request}\r\n`));
    assertEquals(flow.dst, { host: "h", port: 80 });
    assertEquals(await readOnce(await flow.accept()), `${forwarded}\r\n\r\n`);
  }
});

Deno.test("http() tells the client why a target cannot be reached, and hangs up [RFC 9209 §2.3]", async () => {
  const rows: readonly [Rejection, string, string][] = [
    ["refused", "502 Bad Gateway", "connection_refused"],
    ["unreachable", "502 Bad Gateway", "destination_ip_unroutable"],
    ["silent", "504 Gateway Timeout", "connection_timeout"],
    ["prohibited", "403 Forbidden", "http_request_denied"],
  ];
  for (const [reason, status, error] of rows) {
    const run = begin();
    (await sendForTcp(run, CONNECT)).reject(reason);
    await settle();
    const answer = run.client.text();
    assertEquals(answer.split("\r\n").slice(0, 2), [
      `HTTP/1.1 ${status}`,
      `Proxy-Status: tungo; error=${error}`,
    ]);
    assertEquals(run.client.state(), "ended");
  }
});

Deno.test("http() takes known users only, where it has any [RFC 7617]", async () => {
  const users = [{ username: "u", password: "p:w" }];
  const rows = [
    ["Basic dTpwOnc=", 1],
    ["basic dTpwOnc=", 1],
    ["Basic dTp4", 0],
    ["Basic !", 0],
    ["Bearer dTpwOnc=", 0],
  ] as const;
  for (const [authorization, flows] of rows) {
    const run = begin({ users });
    const field = `Proxy-Authorization: ${authorization}`;
    await send(run, ascii(`CONNECT h:1 HTTP/1.1\r\n${field}\r\n\r\n`));
    assertEquals(run.flows.length, flows, authorization);
    if (flows === 0) {
      assertMatch(
        run.client.text(),
        /^HTTP\/1.1 407 .*\r\nProxy-Authenticate: Basic realm="tungo"\r\n/,
      );
    }
    assertEquals(run.log.lines.some((line) => line.includes("p:w")), false);
  }
});

Deno.test("http() answers what it cannot serve", async () => {
  const rows = [
    ["GET / HTTP/1.1", "400"],
    ["GET https://h/ HTTP/1.1", "400"],
    ["GET http:///x HTTP/1.1", "400"],
    ["CONNECT h HTTP/1.1", "400"],
    ["CONNECT h:65536 HTTP/1.1", "400"],
    ["CONNECT [h]:1 HTTP/1.1", "400"],
    ["nonsense", "400"],
    ["CONNECT  HTTP/1.1\r\nX-Gost-Protocol: udp", "403"],
  ] as const;
  for (const [request, status] of rows) {
    const run = begin();
    await send(run, ascii(`${request}\r\n\r\n`));
    assertEquals(run.client.text().slice(9, 12), status, request);
    assertEquals(run.flows.length, 0);
  }
});

Deno.test("http() carries GOST's datagrams on the stream, each to its own destination", async () => {
  const run = begin({ udp: true });
  const head = "CONNECT  HTTP/1.1\r\nHost: \r\nX-Gost-Protocol: udp\r\n\r\n";
  await send(run, concat([ascii(head), hex("0001 ff 01 c0000201 0035 61")]));
  assertEquals(run.client.text(), OK);
  assertEquals(run.flows[0]?.protocol, "udp");
  assertEquals(run.flows[0]?.dst, { host: "192.0.2.1", port: 53 });
  await run.client.closeWrite();
  await settle();
  assertEquals(run.clock.pending(), 0);
});

Deno.test("http() gives up who sends no head, or too long a one", async () => {
  const long = begin();
  await send(long, new Uint8Array(17 * 1024).fill(0x41));
  assertEquals(long.client.state(), "The other end was aborted");
  const slow = begin();
  await send(slow, CONNECT.subarray(0, 20));
  await slow.clock.advance(15_000);
  assertEquals(slow.client.state(), "The other end was aborted");
});
