import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import type { MessageReader } from "../../../src/proto/message_reader.ts";
import {
  encodeSocksAuth,
  encodeSocksGreeting,
  encodeSocksRequest,
  explainSocksReply,
  socksAuthReader,
  type SocksCommand,
  socksMethodReader,
  socksReplyReader,
} from "../../../src/proto/socks5.ts";
import { readExchange } from "../../support/hex_exchange.ts";
import {
  ascii,
  concat,
  cuts,
  expectOctets,
  hex,
} from "../../support/octets.ts";
import { expectMessage, readMessage } from "../../support/read_message.ts";

const ANY = { host: "0.0.0.0", port: 0 };

Deno.test("encodeSocksGreeting offers user and password only where there are some [RFC 1928 §3]", () => {
  assertEquals(
    encodeSocksGreeting({ usernamePassword: false }),
    hex("05 01 00"),
  );
  assertEquals(
    encodeSocksGreeting({ usernamePassword: true }),
    hex("05 02 00 02"),
  );
});

Deno.test("encodeSocksAuth writes user and password [RFC 1929 §2]", () => {
  assertEquals(
    encodeSocksAuth({ username: "user", password: "pass" }),
    hex("01 04 75736572 04 70617373"),
  );
  const tooLong = { username: "user", password: "x".repeat(256) };
  assertEquals(encodeSocksAuth(tooLong) instanceof ProtocolError, true);
});

Deno.test("encodeSocksRequest writes command and target [RFC 1928 §4]", () => {
  const rows: [SocksCommand, { host: string; port: number }, string][] = [
    [
      "connect",
      { host: "example.com", port: 443 },
      "05 01 00 03 0b 6578616d706c652e636f6d 01bb",
    ],
    ["connect", { host: "1.2.3.4", port: 443 }, "05 01 00 01 01020304 01bb"],
    ["udp-associate", ANY, "05 03 00 01 00000000 0000"],
    ["udp-tunnel", { host: "", port: 0 }, "05 f3 00 03 00 0000"],
  ];
  for (const [command, target, octets] of rows) {
    assertEquals(encodeSocksRequest(command, target), hex(octets));
  }
  const tooLong = { host: "x".repeat(256), port: 1 };
  assertEquals(
    encodeSocksRequest("connect", tooLong) instanceof ProtocolError,
    true,
  );
});

Deno.test("socksMethodReader reads the server's choice [RFC 1928 §3]", () => {
  const rows = [
    ["05 00", "none"],
    ["05 02", "username-password"],
    ["05 ff", "unacceptable"],
  ] as const;
  for (const [octets, value] of rows) {
    assertEquals(readMessage(socksMethodReader(), hex(octets), [1]), {
      value,
      rest: hex(""),
    });
  }
  assertEquals(
    readMessage(socksMethodReader(), hex("05 80")),
    "Unknown method 128",
  );
  assertEquals(
    readMessage(socksMethodReader(), hex("48")),
    "Expected version 5, got 72",
  );
});

Deno.test("socksAuthReader takes nothing but status 0 for success [RFC 1929 §2]", () => {
  const rows: [string, boolean][] = [
    ["01 00", true],
    ["01 01", false],
    ["01 ff", false],
  ];
  for (const [octets, value] of rows) {
    assertEquals(readMessage(socksAuthReader(), hex(octets), [1]), {
      value,
      rest: hex(""),
    });
  }
  assertEquals(
    readMessage(socksAuthReader(), hex("05 00")),
    "Expected version 1, got 5",
  );
});

Deno.test("socksReplyReader reads a reply and leaves the target's first octets [RFC 1928 §6, K10]", () => {
  const banner = ascii("220 hello");
  const rows: [string, number, string, number][] = [
    ["05 00 00 01 01020304 01bb", 0, "1.2.3.4", 443],
    ["05 05 00 01 00000000 0000", 5, "0.0.0.0", 0],
    ["05 00 00 03 01 61 0050", 0, "a", 80],
    ["05 00 00 03 00 0000", 0, "", 0],
    [`05 00 00 04 ${"00".repeat(16)} ab31`, 0, "::", 43_825],
    [`05 00 00 03 ff ${"61".repeat(255)} 0050`, 0, "a".repeat(255), 80],
  ];
  const row = fc.constantFrom(...rows);
  fc.assert(fc.property(row, cuts(), ([octets, code, host, port], lengths) => {
    const stream = concat([hex(octets), banner]);
    assertEquals(readMessage(socksReplyReader(), stream, lengths), {
      value: { code, bound: { host, port } },
      rest: banner,
    });
  }));
});

Deno.test("socksReplyReader fails for another version and for an unknown address type", () => {
  const rows: [string, string][] = [
    ["04", "Expected version 5, got 4"],
    ["05 00 00 02 00", "Unknown address type 2"],
  ];
  for (const [octets, message] of rows) {
    assertEquals(readMessage(socksReplyReader(), hex(octets)), message);
  }
});

Deno.test("socks5 readers never throw", () => {
  const readers: (() => MessageReader<unknown>)[] = [
    socksMethodReader,
    socksAuthReader,
    socksReplyReader,
  ];
  const octets = fc.uint8Array({ maxLength: 20, max: 8 });
  fc.assert(fc.property(octets, cuts(), (octets, lengths) => {
    for (const reader of readers) readMessage(reader(), octets, lengths);
  }));
});

Deno.test("explainSocksReply says what became of the dial [RFC 1928 §6]", () => {
  const kinds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 255].map((code) =>
    explainSocksReply(code).kind
  );
  assertEquals(kinds, [
    "refused",
    "forbidden",
    "unreachable",
    "unreachable",
    "refused",
    "timeout",
    "unsupported",
    "unsupported",
    "refused",
    "refused",
  ]);
  assertEquals(explainSocksReply(5).text, "connection refused");
  assertEquals(explainSocksReply(9).text, "reply 9");
});

Deno.test("socks5 says what GOST's client says, and understands what its server answers", () => {
  const rows = [
    { name: "socks5-connect", port: 18_080, code: 0, payload: "hello" },
    { name: "socks5-connect-auth", port: 18_080, code: 0, payload: "hello" },
    { name: "socks5-connect-refused", port: 18_099, code: 3, payload: "" },
  ];
  const exchange = fc.constantFrom(...rows);
  fc.assert(fc.property(exchange, cuts(), ({ name, ...row }, lengths) => {
    const { client, server } = readExchange(name);
    const usernamePassword = name.endsWith("auth");
    const said = [encodeSocksGreeting({ usernamePassword })];
    if (usernamePassword) {
      const auth = encodeSocksAuth({ username: "user", password: "pass" });
      said.push(expectOctets(auth));
    }
    const target = { host: "127.0.0.1", port: row.port };
    said.push(expectOctets(encodeSocksRequest("connect", target)));
    assertEquals(concat([...said, ascii(row.payload)]), client);

    const method = expectMessage(socksMethodReader(), server, lengths);
    let rest = method.rest;
    if (usernamePassword) {
      assertEquals(method.value, "username-password");
      const auth = expectMessage(socksAuthReader(), rest, lengths);
      assertEquals(auth.value, true);
      rest = auth.rest;
    } else {
      assertEquals(method.value, "none");
    }
    const reply = expectMessage(socksReplyReader(), rest, lengths);
    assertEquals(reply.value, { code: row.code, bound: ANY });
    assertEquals(reply.rest, ascii(row.payload));
  }));
});
