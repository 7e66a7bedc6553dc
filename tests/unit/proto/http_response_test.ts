import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import { parseHttpResponse } from "../../../src/proto/http_response.ts";
import { ascii } from "../../support/octets.ts";

function parse(text: string, ended = false): string {
  const progress = parseHttpResponse(ascii(text), ended);
  if (progress === "more") return progress;
  if (progress instanceof ProtocolError) return progress.message;
  const { status, body } = progress.value;
  return `${status} ${new TextDecoder().decode(body)} ${progress.length}`;
}

const OK = "HTTP/1.1 200 OK\r\n";

Deno.test("parseHttpResponse() reads a body by its length, in chunks or up to the end [RFC 9112 §6.3]", () => {
  const rows: [string, string][] = [
    [`${OK}Content-Length: 2\r\n\r\nhi rest`, "200 hi 40"],
    [`${OK}Content-Length: 2\r\n\r\nh`, "more"],
    [
      `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x\r\ni\r\n0\r\n\r\n`,
      "200 hi 66",
    ],
    [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n`, "more"],
    [`${OK}\r\nhi`, "more"],
    ["HTTP/1.0 404 No\r\nContent-Length: 0\r\n\r\n", "404  38"],
    [OK, "more"],
  ];
  for (const [text, expected] of rows) {
    assertEquals(parse(text), expected, text);
  }
  assertEquals(parse(`${OK}\r\nhi`, true), "200 hi 21");
});

Deno.test("parseHttpResponse() says what is no response", () => {
  const rows: [string, string][] = [
    ["SSH-2.0-x\r\n\r\n", 'Not a status line: "SSH-2.0-x"'],
    [`${OK}Content-Length: x\r\n\r\n`, "Content-Length is no number"],
    [
      `${OK}Transfer-Encoding: chunked\r\n\r\nx\r\n`,
      "A chunk has no size",
    ],
  ];
  for (const [text, expected] of rows) {
    assertEquals(parse(text), expected, text);
  }
});

Deno.test("parseHttpResponse() takes any octets", () => {
  const head = ascii(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    parseHttpResponse(octets, true);
    parseHttpResponse(Uint8Array.of(...head, ...octets), false);
  }));
});
