import { assertEquals, assertExists } from "@std/assert";
import fc from "fast-check";
import {
  type ClientHello,
  sniffClientHello,
} from "../../../src/proto/tls_client_hello.ts";
import { relayRequestReader } from "../../../src/proto/relay_request.ts";
import { readExchanges } from "../../support/hex_exchange.ts";
import { ascii, concat, hex } from "../../support/octets.ts";
import { expectMessage } from "../../support/read_message.ts";
import { relayStreams } from "../../support/relay_streams.ts";

const GOST = readExchanges("tls-client-hello").map(({ client }) => client);

/** `octets` behind their length in `size` octets. */
function vector(size: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const length = body.length.toString(16).padStart(2 * size, "0");
  return concat([hex(length), body]);
}

function extension(type: string, ...body: Uint8Array[]): Uint8Array {
  return concat([hex(type), vector(2, ...body)]);
}

function serverName(name: string, type = "00"): Uint8Array {
  const entry = concat([hex(type), vector(2, ascii(name))]);
  return extension("0000", vector(2, entry));
}

function alpn(...names: string[]): Uint8Array {
  const entries = names.map((name) => vector(1, ascii(name)));
  return extension("0010", vector(2, ...entries));
}

/** A hello as a handshake message. RFC 8446 §4.1.2. */
function hello(...tail: Uint8Array[]): Uint8Array {
  const body = concat([
    hex("0303"),
    new Uint8Array(32).fill(7), // random
    vector(1, hex("aabb")), // legacy_session_id
    vector(2, hex("1301 1302")), // cipher_suites
    vector(1, hex("00")), // legacy_compression_methods
    ...tail,
  ]);
  return concat([hex("01"), vector(3, body)]);
}

function withExtensions(...extensions: Uint8Array[]): Uint8Array {
  return hello(vector(2, ...extensions));
}

/** `message` in records of the given lengths and one with the rest. */
function records(message: Uint8Array, lengths: number[] = []): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const length of [...lengths, message.length]) {
    const fragment = message.subarray(at, at + length);
    at += length;
    if (fragment.length > 0) parts.push(hex("160301"), vector(2, fragment));
  }
  return concat(parts);
}

Deno.test("sniffClientHello reads server name and ALPN [RFC 6066 §3, RFC 7301 §3.1]", () => {
  const grease = extension("0a0a");
  const rows: [Uint8Array, ClientHello][] = [
    [
      withExtensions(grease, serverName("A.Example."), alpn("h2", "http/1.1")),
      { serverName: "a.example", alpn: ["h2", "http/1.1"] },
    ],
    [withExtensions(alpn("h3")), { alpn: ["h3"] }],
    [withExtensions(), { alpn: [] }],
    [hello(), { alpn: [] }],
    // No names of hosts.
    [withExtensions(serverName("1.2.3.4")), { alpn: [] }],
    [withExtensions(serverName("::1")), { alpn: [] }],
    [withExtensions(serverName("a b")), { alpn: [] }],
    [withExtensions(serverName("")), { alpn: [] }],
    [withExtensions(serverName("a.example", "01")), { alpn: [] }],
    [withExtensions(extension("0000", hex("0005 00 00ff 61"))), { alpn: [] }],
    [withExtensions(extension("0010", hex("0003 ff 6832"))), { alpn: [] }],
  ];
  for (const [message, expected] of rows) {
    assertEquals(sniffClientHello(records(message)), expected);
  }
});

Deno.test("sniffClientHello reads a hello over several records and segments [RFC 8446 §5.1, K12]", () => {
  const message = withExtensions(serverName("a.example"));
  const lengths = fc.array(fc.nat({ max: 40 }), { maxLength: 8 });
  fc.assert(fc.property(lengths, (lengths) => {
    const octets = records(message, lengths);
    for (let length = 0; length < octets.length; length++) {
      assertEquals(sniffClientHello(octets.subarray(0, length)), "more");
    }
    const expected = { serverName: "a.example", alpn: [] };
    assertEquals(sniffClientHello(octets), expected);
    // Whatever follows, even if that is no record.
    const early = concat([octets, hex("17 0303 0005 01020304")]);
    assertEquals(sniffClientHello(early), expected);
  }));
});

Deno.test("sniffClientHello reads what GOST's client and an application behind its tungo send", () => {
  assertEquals(GOST.map(sniffClientHello), [
    { alpn: [] },
    { serverName: "front.example", alpn: [] },
  ]);
  const [, exchange] = readExchanges("tungo-sniffing");
  assertExists(exchange);
  const { client } = relayStreams(exchange, []);
  const { rest } = expectMessage(relayRequestReader(), client);
  assertEquals(sniffClientHello(rest), { serverName: "a.example", alpn: [] });
});

Deno.test("sniffClientHello gives up at the first octet that does not fit", () => {
  const rows: [string, string][] = [
    ["HTTP", "47"],
    ["alert", "15"],
    ["SSL 2", "80"],
    ["major version 2", "16 02"],
    ["SSL 3.0", "16 03 00"],
    ["version 3.5", "16 03 05"],
    ["empty record", "16 03 01 0000"],
    ["record of more than 2^14 octets", "16 03 01 4001"],
    ["ServerHello", "16 03 01 0040 02"],
    ["hello of 16 MiB", "16 03 01 0040 01 ffffff"],
    ["hello of more than 16 KiB", "16 03 01 0040 01 004001"],
    ["an alert in the middle", "16 03 01 0001 01 15"],
  ];
  for (const [what, octets] of rows) {
    assertEquals(sniffClientHello(hex(octets)), "other", what);
  }
});

Deno.test("sniffClientHello takes the longest record and hello, and versions up to 3.4", () => {
  assertEquals(sniffClientHello(hex("16 03 01 40")), "more");
  assertEquals(sniffClientHello(hex("16 03 04 4000 01")), "more");
  assertEquals(sniffClientHello(hex("16 03 04 0040 01 004000")), "more");
});

Deno.test("sniffClientHello takes no malformed hello for one", () => {
  const sni = serverName("a.example");
  const rows: [string, Uint8Array][] = [
    ["extensions twice the same", withExtensions(sni, sni)],
    ["octets behind the extensions", hello(vector(2, sni), hex("00"))],
    ["half a length of extensions", hello(hex("00"))],
    ["extensions that go on", hello(hex("0020"), sni)],
    ["an extension that goes on", hello(hex("0004 0000 0001"))],
    ["nothing but a header", hex("01 000000")],
    ["no cipher suites", hex(`01 000024 0303 ${"07".repeat(32)} 00 00`)],
  ];
  for (const [what, message] of rows) {
    assertEquals(sniffClientHello(records(message)), "other", what);
  }
});

Deno.test("sniffClientHello never throws", () => {
  const [octets = hex("")] = GOST;
  const change = fc.tuple(fc.nat({ max: octets.length - 1 }), fc.nat(255));
  fc.assert(fc.property(fc.array(change, { maxLength: 5 }), (changes) => {
    const mutated = octets.slice();
    for (const [at, octet] of changes) mutated[at] = octet;
    sniffClientHello(mutated);
  }));
  fc.assert(fc.property(fc.uint8Array(), (octets) => {
    sniffClientHello(octets);
    sniffClientHello(records(concat([hex("01 0000"), vector(1, octets)])));
  }));
});
