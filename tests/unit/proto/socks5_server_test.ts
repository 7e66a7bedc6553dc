/** What GOST's clients ask of a server, read however it is cut. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeSocksMethod,
  encodeSocksReply,
  socksCredentialsReader,
  socksGreetingReader,
  socksRequestReader,
} from "../../../src/proto/socks5_server.ts";
import { readExchange } from "../../support/hex_exchange.ts";
import { cuts, hex } from "../../support/octets.ts";
import { expectMessage, readMessage } from "../../support/read_message.ts";

Deno.test("socksGreetingReader and its kin read GOST's client as its server does", () => {
  const { client } = readExchange("socks5-connect-auth");
  fc.assert(fc.property(cuts(), (lengths) => {
    const greeting = expectMessage(socksGreetingReader(), client, lengths);
    assertEquals(greeting.value, { none: true, usernamePassword: true });
    const credentials = expectMessage(
      socksCredentialsReader(),
      greeting.rest,
      lengths,
    );
    assertEquals(credentials.value, { username: "user", password: "pass" });
    const request = expectMessage(
      socksRequestReader(),
      credentials.rest,
      lengths,
    );
    assertEquals(request.value.command, "connect");
  }));
});

Deno.test("socksRequestReader reads GOST's command for datagrams", () => {
  const { client } = readExchange("socks5-udp-tunnel");
  const greeting = expectMessage(socksGreetingReader(), client, []);
  const request = expectMessage(socksRequestReader(), greeting.rest, []);
  assertEquals(request.value.command, "udp-tunnel");
});

Deno.test("socksRequestReader reads what it does not know as far as it can be answered", () => {
  const bind = hex("05 02 00 01 c0000201 01bb");
  assertEquals(expectMessage(socksRequestReader(), bind, []).value, {
    command: undefined,
    target: { host: "192.0.2.1", port: 443 },
  });
  const type5 = hex("05 01 00 05 00");
  assertEquals(expectMessage(socksRequestReader(), type5, []).value, {
    command: "connect",
    target: undefined,
  });
});

Deno.test("socksGreetingReader and its kin name another version", () => {
  assertEquals(
    readMessage(socksGreetingReader(), hex("04 01")),
    "Expected version 5, got 4",
  );
  assertEquals(
    readMessage(socksCredentialsReader(), hex("05 01")),
    "Expected version 1, got 5",
  );
  assertEquals(
    readMessage(socksRequestReader(), hex("04 01 00")),
    "Expected version 5, got 4",
  );
});

Deno.test("encodeSocksMethod and encodeSocksReply write a server's answers [RFC 1928]", () => {
  assertEquals(encodeSocksMethod("none"), hex("05 00"));
  assertEquals(encodeSocksMethod("username-password"), hex("05 02"));
  assertEquals(encodeSocksMethod("unacceptable"), hex("05 ff"));
  assertEquals(
    encodeSocksReply("succeeded", { host: "2001:db8::1", port: 1080 }),
    hex("05 00 00 04 20010db8000000000000000000000001 0438"),
  );
  assertEquals(
    encodeSocksReply("TTL expired"),
    hex("05 06 00 01 00000000 0000"),
  );
});
