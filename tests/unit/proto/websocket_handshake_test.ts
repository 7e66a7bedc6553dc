import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import { type HttpHead, httpHeadReader } from "../../../src/proto/http_head.ts";
import {
  answerUpgradeRequest,
  checkUpgradeAnswer,
  encodeUpgradeRequest,
  type UpgradeRequest,
} from "../../../src/proto/websocket_handshake.ts";
import { readExchanges } from "../../support/hex_exchange.ts";
import { ascii, expectOctets } from "../../support/octets.ts";
import { expectMessage } from "../../support/read_message.ts";

/** The example of RFC 6455 §1.3: its key is dGhlIHNhbXBsZSBub25jZQ==. */
const REQUEST: UpgradeRequest = {
  host: "server.example:443",
  path: "/ws",
  nonce: ascii("the sample nonce"),
};
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function lines(octets: Uint8Array | ProtocolError): string[] {
  return new TextDecoder().decode(expectOctets(octets)).split("\r\n");
}

function requestTarget(path: string): string | undefined {
  return lines(encodeUpgradeRequest({ ...REQUEST, path }))[0]?.slice(4, -9);
}

function head(octets: Uint8Array): HttpHead {
  return expectMessage(httpHeadReader(), octets).value;
}

Deno.test("encodeUpgradeRequest writes the head that GOST writes", () => {
  assertEquals(lines(encodeUpgradeRequest(REQUEST)), [
    "GET /ws HTTP/1.1",
    "Host: server.example:443",
    "User-Agent: Go-http-client/1.1",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "Upgrade: websocket",
    "",
    "",
  ]);
});

Deno.test("encodeUpgradeRequest sorts other headers in, and lets them replace Host and User-Agent", () => {
  const headers = {
    "X-A": "1",
    "user-agent": "curl/8",
    "Origin": "https://a.example",
    "host": "front.example",
    "Sec-WebSocket-Protocol": "a, b",
  };
  assertEquals(lines(encodeUpgradeRequest({ ...REQUEST, headers })), [
    "GET /ws HTTP/1.1",
    "Host: front.example",
    "User-Agent: curl/8",
    "Connection: Upgrade",
    "Origin: https://a.example",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: a, b",
    "Sec-WebSocket-Version: 13",
    "Upgrade: websocket",
    "X-A: 1",
    "",
    "",
  ]);
});

Deno.test("encodeUpgradeRequest fails for headers that are malformed or its own", () => {
  const rows: Record<string, string>[] = [
    { "Upgrade": "h2c" },
    { "connection": "close" },
    { "Sec-WebSocket-Key": "x" },
    { "Sec-WebSocket-Version": "8" },
    { "Sec-WebSocket-Extensions": "permessage-deflate" },
    { "X A": "1" },
    { "": "1" },
    { "X-A": "1\r\nX-B: 2" },
    { "Host": "a\nb" },
  ];
  for (const headers of rows) {
    const error = encodeUpgradeRequest({ ...REQUEST, headers });
    const [name] = Object.keys(headers);
    assertEquals(
      error instanceof ProtocolError && error.message,
      `Cannot send the header ${JSON.stringify(name)}`,
    );
  }
  const host = "a\r\nX: 1";
  const error = encodeUpgradeRequest({ ...REQUEST, host });
  assertEquals(error instanceof ProtocolError, true);
});

Deno.test("encodeUpgradeRequest encodes the path as Go does", () => {
  const rows: [string, string][] = [
    ["ws", "/ws"],
    ["", "/"],
    ["/a?b", "/a%3Fb"],
    ["/a b%20", "/a%20b%2520"],
    ["/ä\r\n", "/%C3%A4%0D%0A"],
    ["/-_.~$&+,/:;=@", "/-_.~$&+,/:;=@"],
    ["/!*'()[]#", "/%21%2A%27%28%29%5B%5D%23"],
  ];
  for (const [path, target] of rows) assertEquals(requestTarget(path), target);
});

Deno.test("checkUpgradeAnswer accepts what agrees with the request [RFC 6455 §4.1]", () => {
  const rows: [string[], string][] = [
    [["Upgrade: websocket", "Connection: Upgrade"], ""],
    [["upgrade: WebSocket", "connection: keep-alive, upgrade"], ""],
    [
      [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Protocol: b",
      ],
      "b",
    ],
  ];
  const headers = { "sec-websocket-protocol": "a, b" };
  for (const [fields, protocol] of rows) {
    const answer = [
      "HTTP/1.1 101 Switching Protocols",
      ...fields,
      `Sec-WebSocket-Accept: ${ACCEPT}`,
      "",
      "",
    ];
    assertEquals(
      checkUpgradeAnswer(head(ascii(answer.join("\r\n"))), {
        ...REQUEST,
        headers,
      }),
      protocol,
    );
  }
});

Deno.test("checkUpgradeAnswer says what does not agree [RFC 6455 §4.1]", () => {
  const good = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-accept": ACCEPT,
  };
  const rows: [string, Record<string, string>, string][] = [
    [
      "HTTP/1.1 404 Not Found",
      good,
      'Expected 101 Switching Protocols, got "HTTP/1.1 404 Not Found"',
    ],
    [
      "SSH-2.0-\x1b[2J",
      good,
      'Expected 101 Switching Protocols, got "SSH-2.0-\\u001b[2J"',
    ],
    [
      "HTTP/1.1 101 x",
      { ...good, upgrade: "h2c" },
      "The answer upgrades to something else",
    ],
    [
      "HTTP/1.1 101 x",
      { ...good, connection: "close" },
      "The answer upgrades to something else",
    ],
    [
      "HTTP/1.1 101 x",
      { ...good, "sec-websocket-accept": "x" },
      "Sec-WebSocket-Accept does not match the key",
    ],
    ["HTTP/1.1 101 x", {
      ...good,
      "sec-websocket-extensions": "permessage-deflate",
    }, "The server chose an extension, none was offered"],
    [
      "HTTP/1.1 101 x",
      { ...good, "sec-websocket-protocol": "a" },
      "The server chose a subprotocol that was not offered",
    ],
  ];
  for (const [startLine, headers, message] of rows) {
    const answer = { startLine, headers: new Map(Object.entries(headers)) };
    const error = checkUpgradeAnswer(answer, REQUEST);
    assertEquals(error instanceof ProtocolError && error.message, message);
  }
});

Deno.test("answerUpgradeRequest accepts what encodeUpgradeRequest writes, and checkUpgradeAnswer its answer", () => {
  const request = fc.record({
    host: fc.constantFrom("a", "b:443"),
    path: fc.string(),
    nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  });
  fc.assert(fc.property(request, (request) => {
    const octets = expectOctets(encodeUpgradeRequest(request));
    const answer = answerUpgradeRequest(head(octets), request);
    assertEquals(answer.status, 101);
    assertEquals(checkUpgradeAnswer(head(answer.octets), request), "");
  }));
});

Deno.test("answerUpgradeRequest writes an answer like GOST's, and decides like it", () => {
  const statuses = readExchanges("ws-upgrade-errors").map((exchange) => {
    const request = expectMessage(httpHeadReader(), exchange.client).value;
    const expected = expectMessage(httpHeadReader(), exchange.server).value;
    const answer = answerUpgradeRequest(request, { path: "/ws" });
    const ours = head(answer.octets);
    assertEquals(Number(expected.startLine.slice(9, 12)), answer.status);
    if (answer.status === 101) assertEquals(ours, expected);
    return answer.status;
  });
  assertEquals(statuses, [101, 101, 101, 101, 404, 400, 405, 400, 400, 400]);
});

Deno.test("answerUpgradeRequest refuses with a body and closes", () => {
  const request = {
    startLine: "GET /nope HTTP/1.1",
    headers: new Map([["host", "a"]]),
  };
  assertEquals(lines(answerUpgradeRequest(request, { path: "/ws" }).octets), [
    "HTTP/1.1 404 Not Found",
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Length: 10",
    "",
    "Not Found\n",
  ]);
  const upgrade = {
    startLine: "GET /ws HTTP/1.1",
    headers: new Map([["host", "a"]]),
  };
  assertEquals(lines(answerUpgradeRequest(upgrade, { path: "/ws" }).octets), [
    "HTTP/1.1 400 Bad Request",
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Length: 12",
    "Sec-WebSocket-Version: 13",
    "",
    "Bad Request\n",
  ]);
});

Deno.test("answerUpgradeRequest takes a key of 16 octets only [RFC 6455 §4.2.1]", () => {
  const rows: [string, number][] = [
    ["dGhlIHNhbXBsZSBub25jZQ==", 101],
    ["dGhlIHNhbXBsZSBub25j", 400],
    ["dGhlIHNhbXBsZSBub25jZQ", 400],
    ["dGhlIHNhbXBsZSBub25jZSE=", 400],
    ["", 400],
  ];
  for (const [key, status] of rows) {
    const headers = new Map([
      ["host", "a"],
      ["upgrade", "websocket"],
      ["connection", "Upgrade"],
      ["sec-websocket-version", "13"],
      ["sec-websocket-key", key],
    ]);
    const request = { startLine: "GET / HTTP/1.1", headers };
    assertEquals(answerUpgradeRequest(request, { path: "/" }).status, status);
  }
});
