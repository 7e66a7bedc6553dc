import { assertEquals } from "@std/assert";
import {
  encodeClientHello,
  encodeQuicHello,
} from "../../../src/proto/encode_client_hello.ts";
import { QuicClientHello } from "../../../src/proto/quic_client_hello.ts";
import { sniffClientHello } from "../../../src/proto/tls_client_hello.ts";

Deno.test("encodeClientHello() says the name where it is looked for [RFC 6066 §3]", () => {
  for (const serverName of ["a.example", `${"a".repeat(63)}.example`]) {
    const hello = sniffClientHello(encodeClientHello(serverName));
    assertEquals(hello, { serverName, alpn: [] });
  }
});

Deno.test("encodeClientHello() is one record with one handshake message [RFC 8446 §4.1.2]", () => {
  assertEquals(
    encodeClientHello("a.b").toHex(),
    "160301003b" + "01000037" + "0303" + "00".repeat(32) + "00" + "00021301" +
      "0100" + "000c" + "0000" + "0008" + "0006" + "00" + "0003" + "612e62",
  );
});

Deno.test("encodeQuicHello() says the name where a client of QUIC does [RFC 9001 §5]", () => {
  for (const serverName of ["a.b", `${"a".repeat(63)}.example`]) {
    const hello = new QuicClientHello().push(encodeQuicHello(serverName));
    assertEquals(hello, { serverName, alpn: [] });
  }
});
