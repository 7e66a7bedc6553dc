/** What GOST's clients ask of an HTTP proxy. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { httpHeadReader } from "../../../src/proto/http_head.ts";
import { parseProxyRequest } from "../../../src/proto/http_proxy.ts";
import { readExchange } from "../../support/hex_exchange.ts";
import { ascii } from "../../support/octets.ts";
import { expectMessage } from "../../support/read_message.ts";

const NOTHING = new Uint8Array();

Deno.test("parseProxyRequest reads GOST's CONNECT, with its user", () => {
  const { client } = readExchange("http-connect-auth");
  const { value } = expectMessage(httpHeadReader(), client);
  assertEquals(parseProxyRequest(value), {
    kind: "connect",
    target: { host: "127.0.0.1", port: 18_080 },
    credentials: { username: "user", password: "pass" },
    head: NOTHING,
    body: Infinity,
  });
});

Deno.test("parseProxyRequest reads GOST's CONNECT for datagrams, which has no target", () => {
  const { client } = readExchange("http-udp");
  const { value } = expectMessage(httpHeadReader(), client);
  assertEquals(parseProxyRequest(value), {
    kind: "datagrams",
    target: { host: "", port: 0 },
    credentials: undefined,
    head: NOTHING,
    body: Infinity,
  });
});

Deno.test("parseProxyRequest tells how much belongs to a request [RFC 9112 §6.3]", () => {
  const rows = [
    ["", 0],
    ["Content-Length: 12\n", 12],
    ["Content-Length: 12, 12\n", Infinity],
    ["Transfer-Encoding: chunked\nContent-Length: 12\n", Infinity],
    ["Upgrade: websocket\n", Infinity],
  ] as const;
  for (const [fields, body] of rows) {
    const head = ascii(`POST http://h/ HTTP/1.1\n${fields}\n`);
    const request = parseProxyRequest(
      expectMessage(httpHeadReader(), head).value,
    );
    assertEquals("body" in request && request.body, body);
  }
});

Deno.test("parseProxyRequest does not throw on whatever a head says", () => {
  const word = fc.string({ unit: "binary-ascii", maxLength: 30 });
  fc.assert(fc.property(word, word, word, (target, name, value) => {
    for (const method of ["CONNECT ", "GET http://"]) {
      const head = `${method}${target} HTTP/1.1\n${name}: ${value}\n\n`;
      const read = httpHeadReader().push(ascii(head));
      if (typeof read !== "object" || !("value" in read)) continue;
      parseProxyRequest(read.value);
    }
  }));
});
