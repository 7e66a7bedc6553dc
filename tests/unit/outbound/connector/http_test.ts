import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../../src/base/errors.ts";
import { wrapStream } from "../../../../src/flow/wrap.ts";
import {
  http,
  type HttpOptions,
} from "../../../../src/outbound/connector/http.ts";
import type { Carrier } from "../../../../src/outbound/contracts.ts";
import { tcpFlow, udpFlow } from "../../../support/flows.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";
import { ascii } from "../../../support/octets.ts";
import {
  readAll,
  streamPair,
  type TestStream,
} from "../../../support/stream_pair.ts";

function begin(changes: Partial<HttpOptions> = {}) {
  const clock = new ManualClock();
  const [near, node] = streamPair();
  const carrier: Carrier = wrapStream(near, { roundTrip: 20, isTungo: false });
  const connector = http({ clock, ...changes });
  return { clock, near, node, carrier, connector };
}

async function heard(node: TestStream): Promise<string[]> {
  await settle();
  return new TextDecoder().decode(node.taken()).split("\r\n");
}

Deno.test("http() asks for the target and keeps what comes glued to the answer [RFC 9110 §9.3.6, K10]", async () => {
  const { near, node, carrier, connector } = begin({
    credentials: { username: "user", password: "pass" },
  });
  const flow = tcpFlow(near, { name: "example.com" });
  const dialled = connector.connectStream(carrier, flow);
  assertEquals(await heard(node), [
    "CONNECT example.com:443 HTTP/1.1",
    "Host: example.com:443",
    "User-Agent: Go-http-client/1.1",
    "Proxy-Authorization: Basic dXNlcjpwYXNz",
    "Proxy-Connection: keep-alive",
    "",
    "",
  ]);
  await node.write(
    ascii("HTTP/1.1 200 Connection established\r\nA: b\r\n\r\nbanner"),
  );
  const upstream = await dialled;
  await node.closeWrite();
  assertEquals(await readAll(upstream), "banner");
});

Deno.test("http() tells refusals apart by their status, and by what a proxy says beside it [RFC 9110 §15, RFC 9209 §2.3]", async () => {
  const cases = [
    ["HTTP/1.1 407 Proxy Authentication Required", "auth"],
    ["HTTP/1.1 403 Forbidden", "forbidden"],
    ["HTTP/1.1 503 Service Unavailable", "refused"],
    ["HTTP/1.1 204 No Content", "refused"],
    [
      "HTTP/1.1 502 Bad Gateway\r\nProxy-Status: tungo; error=destination_ip_unroutable",
      "unreachable",
    ],
    [
      "HTTP/1.1 502 Bad Gateway\r\nProxy-Status: a, b; error=connection_timeout; details=x",
      "timeout",
    ],
    ["SSH-2.0-x", "broken"],
  ];
  for (const [answer, kind] of cases) {
    const { near, node, carrier, connector } = begin();
    const dialled = connector.connectStream(carrier, tcpFlow(near));
    const failure = assertRejects(() => dialled, DialError);
    await node.write(ascii(`${answer}\r\n\r\n`));
    assertEquals((await failure).kind, kind, answer);
  }
});

Deno.test("http() asks for datagrams as GOST does, so that other proxies refuse", async () => {
  const { node, carrier, connector } = begin();
  const dialled = connector.connectDatagram(carrier, udpFlow());
  assertEquals(await heard(node), [
    "CONNECT  HTTP/1.1",
    "Host: ",
    "User-Agent: Go-http-client/1.1",
    "Proxy-Connection: keep-alive",
    "X-Gost-Protocol: udp",
    "",
    "",
  ]);
  await node.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  await (await dialled)[Symbol.asyncDispose]();
});

Deno.test("http() fails where the node hangs up", async () => {
  const { near, node, carrier, connector } = begin();
  const dialled = connector.connectStream(carrier, tcpFlow(near));
  const failure = assertRejects(() => dialled, DialError);
  await node.closeWrite();
  assertEquals((await failure).kind, "broken");
});

Deno.test("http() adds headers of the user's to its request, and keeps its own but User-Agent", async () => {
  const { near, node, carrier, connector } = begin({
    credentials: { username: "user", password: "pass" },
    headers: [
      ["X-Token", "secret"],
      ["user-agent", "curl/8"],
      ["proxy-authorization", "other"],
      ["Proxy-Connection", "close"],
    ],
  });
  void connector.connectStream(carrier, tcpFlow(near)).catch(() => {});
  assertEquals(await heard(node), [
    "CONNECT 192.0.2.1:443 HTTP/1.1",
    "Host: 192.0.2.1:443",
    "Proxy-Authorization: Basic dXNlcjpwYXNz",
    "Proxy-Connection: keep-alive",
    "X-Token: secret",
    "user-agent: curl/8",
    "",
    "",
  ]);
  await node.closeWrite();
  await settle();
});
