import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  hasControl,
  hasToken,
  HTTP_HEAD_MAX,
  type HttpHead,
  httpHeadReader,
  isToken,
  parseFieldLine,
  parseRequestLine,
  parseStatusLine,
  type RequestLine,
  type StatusLine,
} from "../../../src/proto/http_head.ts";
import { ascii, concat, cuts, hex } from "../../support/octets.ts";
import { readMessage } from "../../support/read_message.ts";

function read(text: string, lengths: readonly number[] = []) {
  return readMessage(httpHeadReader(), ascii(text), lengths);
}

function head(startLine: string, headers: Record<string, string>): HttpHead {
  return { startLine, headers: new Map(Object.entries(headers)) };
}

Deno.test("httpHeadReader reads a head however it is cut, and leaves what follows [RFC 9112 §2.1]", () => {
  const rows: [string, HttpHead][] = [
    ["HTTP/1.1 200 OK\r\n\r\n", head("HTTP/1.1 200 OK", {})],
    ["HTTP/1.1 200 OK\n\n", head("HTTP/1.1 200 OK", {})],
    [
      "GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nx-b: \t c:d e \t\r\n\r\n",
      head("GET / HTTP/1.1", { host: "a", "x-empty": "", "x-b": "c:d e" }),
    ],
    [
      "GET / HTTP/1.1\nHost:a\r\nVia: b\nvia: c\n\r\n",
      head("GET / HTTP/1.1", { host: "a", via: "b, c" }),
    ],
  ];
  const row = fc.constantFrom(...rows);
  fc.assert(fc.property(row, cuts(), ([text, value], lengths) => {
    const rest = hex("82 00 0d0a0d0a");
    const stream = concat([ascii(text), rest]);
    assertEquals(readMessage(httpHeadReader(), stream, lengths), {
      value,
      rest,
    });
  }));
});

Deno.test("httpHeadReader waits for the empty line", () => {
  const rows = [
    "",
    "HTTP/1.1 101 x",
    "HTTP/1.1 101 x\r\n",
    "HTTP/1.1 101 x\r\n\r",
    "HTTP/1.1 101 x\r\na: b\r\n",
  ];
  for (const text of rows) assertEquals(read(text), "more", text);
});

Deno.test("httpHeadReader fails for what is no header [RFC 9112 §5]", () => {
  const rows: [string, string][] = [
    ["a", `Not a header: "a"`],
    [": a", `Not a header: ": a"`],
    ["a : b", `Not a header: "a : b"`],
    [" a: b", `Not a header: " a: b"`],
    ["a: b\r\n c", `Not a header: " c"`],
    ["a: b\r\r", `Not a header: "a: b\\r\\r"`],
    ["a: \0", `Not a header: "a: \\u0000"`],
  ];
  for (const [line, message] of rows) {
    assertEquals(read(`HTTP/1.1 101 x\r\n${line}\r\n\r\n`), message);
  }
});

Deno.test("httpHeadReader takes a head of 16 KiB and not an octet more", () => {
  const fields = (length: number) =>
    `GET / HTTP/1.1\r\na: ${"b".repeat(length)}\r\n\r\n`;
  const longest = HTTP_HEAD_MAX - fields(0).length;
  for (const lengths of [[], [1, 1, 5000]]) {
    const reading = read(fields(longest), lengths);
    assertEquals(typeof reading === "object" && reading.rest, hex(""));
    assertEquals(
      read(fields(longest + 1), lengths),
      "Expected a message of at most 16384 octets",
    );
  }
});

Deno.test("httpHeadReader never throws", () => {
  const text = fc.string({
    unit: fc.constantFrom("\r\n", "\n", "\r", ":", " ", "a", "\0", "é"),
  });
  fc.assert(fc.property(text, cuts(), (text, lengths) => {
    read(text, lengths);
  }));
});

Deno.test("parseFieldLine is linear in the length of white space", () => {
  const line = `a:${" ".repeat(16_000)}b${" ".repeat(16_000)}\0`;
  assertEquals(parseFieldLine(line), undefined);
});

Deno.test("parseRequestLine reads method and target [RFC 9112 §3]", () => {
  const rows: [string, RequestLine | undefined][] = [
    ["GET /ws?x=1 HTTP/1.1", { method: "GET", target: "/ws?x=1" }],
    ["CONNECT a:443 HTTP/1.0", { method: "CONNECT", target: "a:443" }],
    ["GET /", undefined],
    ["GET  HTTP/1.1", undefined],
    ["GET / HTTP/1.1 ", undefined],
    ["GET / / HTTP/1.1", undefined],
    ["GET / HTTP/2.0", undefined],
    ["G(T / HTTP/1.1", undefined],
    [" / HTTP/1.1", undefined],
    ["GET /\x01 HTTP/1.1", undefined],
    ["", undefined],
  ];
  for (const [line, expected] of rows) {
    assertEquals(parseRequestLine(line), expected, line);
  }
});

Deno.test("parseStatusLine reads status and reason [RFC 9112 §4]", () => {
  const rows: [string, StatusLine | undefined][] = [
    ["HTTP/1.1 404 Not Found", { status: 404, reason: "Not Found" }],
    ["HTTP/1.0 200 ", { status: 200, reason: "" }],
    ["HTTP/1.1 200", { status: 200, reason: "" }],
    ["HTTP/2 200 OK", undefined],
    ["HTTP/1.1 20 OK", undefined],
    ["HTTP/1.1 2000", undefined],
    ["ICY 200 OK", undefined],
  ];
  for (const [line, expected] of rows) {
    assertEquals(parseStatusLine(line), expected, line);
  }
});

Deno.test("hasToken finds a token in a list, in whatever case [RFC 9110 §5.6.1]", () => {
  assertEquals(hasToken("keep-alive, Upgrade", "upgrade"), true);
  assertEquals(hasToken("UPGRADE", "upgrade"), true);
  assertEquals(hasToken("upgraded", "upgrade"), false);
  assertEquals(hasToken("keep-alive", "upgrade"), false);
  assertEquals(hasToken(undefined, "upgrade"), false);
});

Deno.test("isToken and hasControl find what would end a name or a line [RFC 9110 §5.5, §5.6.2]", () => {
  assertEquals(["Host", "x-1"].map(isToken), [true, true]);
  assertEquals(["", "a b", "a:", "a\r\n"].map(isToken), Array(4).fill(false));
  assertEquals(["", "a b\tc", "ä"].map(hasControl), Array(3).fill(false));
  assertEquals(["a\r\nb", "a\0", "\x7f"].map(hasControl), Array(3).fill(true));
});
