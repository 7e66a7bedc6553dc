import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type HttpRequestHost,
  sniffHttp,
} from "../../../src/proto/http_sniff.ts";
import { ascii, concat } from "../../support/octets.ts";

function sniff(text: string): HttpRequestHost | "more" | "other" {
  return sniffHttp(ascii(text));
}

Deno.test("sniffHttp reads the Host of a request", () => {
  const rows: [string, HttpRequestHost][] = [
    ["GET / HTTP/1.1\r\nHost: a.com\r\n\r\n", { method: "GET", host: "a.com" }],
    [
      "POST /x HTTP/1.1\r\nAccept: */*\r\nhost:A.com:9000\r\n\r\nbody",
      { method: "POST", host: "a.com", port: 9000 },
    ],
    ["HEAD / HTTP/1.0\nHOST: a.com.\n\n", { method: "HEAD", host: "a.com" }],
    ["OPTIONS * HTTP/1.1\r\nHost: a.com:\r\n", {
      method: "OPTIONS",
      host: "a.com",
    }],
    [
      "GET / HTTP/1.1\r\nHost: a.com:65535\r\n",
      { method: "GET", host: "a.com", port: 65_535 },
    ],
    // Known before the head ends.
    ["GET / HTTP/1.1\r\nHost: a.com\r\nCoo", { method: "GET", host: "a.com" }],
  ];
  for (const [text, expected] of rows) assertEquals(sniff(text), expected);
});

Deno.test("sniffHttp knows every method of table E.1 but CONNECT and PRI", () => {
  const methods = "GET POST PUT DELETE OPTIONS PATCH HEAD TRACE".split(" ");
  for (const method of methods) {
    assertEquals(sniff(`${method} / HTTP/1.1\r\nHost: a\r\n`), {
      method,
      host: "a",
    });
  }
});

Deno.test("sniffHttp leaves alone what is no request to a host by name", () => {
  const rows = [
    // Requests to a proxy.
    "CONNECT a.com:443 HTTP/1.1\r\nHost: a.com\r\n\r\n",
    "GET http://a.com/ HTTP/1.1\r\nHost: a.com\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    // Methods are case-sensitive and followed by a space.
    "get / HTTP/1.1\r\nHost: a.com\r\n\r\n",
    "GETX / HTTP/1.1\r\nHost: a.com\r\n\r\n",
    "GET/ HTTP/1.1\r\nHost: a.com\r\n\r\n",
    // Told before the line or the head ends.
    "GET \0",
    "GET h",
    "GET /\0",
    "GET / HTTP/1.1\r\nHo\0",
    "SSH-2.0-x",
    "\x16\x03\x01",
    // No name.
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 1.2.3.4\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 1.2.3.4:80\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a.com, b.com\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: user@a.com\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a.com:65536\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a.com:x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a.com:80:80\r\n\r\n",
    // Malformed.
    "GET / HTTP/3.0\r\n",
    "GET /\r\n",
    "GET / HTTP/1.1\r\nno header\r\nHost: a.com\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a.com\r\n\r\n",
  ];
  for (const text of rows) {
    assertEquals(sniff(text), "other", JSON.stringify(text));
  }
});

Deno.test("sniffHttp waits while a Host may follow, at most for 16 KiB", () => {
  const request = "DELETE /x HTTP/1.1\r\nAccept: */*\r\nHost: a.com\r";
  for (let length = 0; length < request.length; length++) {
    assertEquals(
      sniff(request.slice(0, length)),
      "more",
      request.slice(0, length),
    );
  }
  const long = `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a.com\r\n`;
  assertEquals(sniff(long.slice(0, 16_383)), "more");
  assertEquals(sniff(long.slice(0, 16_384)), "other");
  assertEquals(sniff(long), "other");
});

Deno.test("sniffHttp never throws, and never waits for 16 KiB of anything", () => {
  const unit = fc.constantFrom(
    "GET ",
    "/",
    " HTTP/1.1",
    "\r\n",
    "Host:",
    "a",
    ".",
    "\0",
    "é",
  );
  fc.assert(fc.property(fc.string({ unit }), (text) => {
    sniff(text);
    assertEquals(
      sniffHttp(concat([ascii(text), new Uint8Array(16_384).fill(0x61)])) ===
        "more",
      false,
    );
  }));
});
