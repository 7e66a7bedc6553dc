/** What GOST's ends said to each other over tcp, ws and wss: read however it is cut, and written again octet by octet. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { putLengthPrefixed } from "../../../src/proto/length_prefix.ts";
import {
  encodeRelayRequest,
  type RelayAsk,
  relayRequestReader,
} from "../../../src/proto/relay_request.ts";
import {
  encodeRelayResponse,
  relayResponseReader,
  type RelayStatus,
} from "../../../src/proto/relay_response.ts";
import { readExchange, readExchanges } from "../../support/hex_exchange.ts";
import { ascii, concat, cuts, expectOctets } from "../../support/octets.ts";
import { expectMessage } from "../../support/read_message.ts";
import { relayStreams } from "../../support/relay_streams.ts";

interface Row {
  readonly name: string;
  readonly request: RelayAsk;
  readonly sent: Uint8Array;
  readonly status: RelayStatus;
  readonly received: Uint8Array;
}

const ECHO = { host: "127.0.0.1", port: 18_080 };
const NOBODY = { host: "127.0.0.1", port: 18_099 };
const HELLO = ascii("hello");
const NOTHING = new Uint8Array();

function datagrams(...payloads: string[]): Uint8Array {
  return concat(payloads.map((payload) => {
    const frame = new Uint8Array(2 + payload.length);
    putLengthPrefixed(frame, 0, ascii(payload));
    return frame;
  }));
}

/** A flow to an echo unless `row` says something else. */
function row(name: string, differences: Partial<Row> = {}): Row {
  return {
    name,
    request: { network: "tcp", target: ECHO },
    sent: HELLO,
    status: "ok",
    received: HELLO,
    ...differences,
  };
}

/** Everywhere the same but for the transport. */
function rows(transport: string): Row[] {
  const named = { host: "echo.example", port: 18_080 };
  const auth = (password: string) => ({ username: "user", password });
  return [
    row(`${transport}-connect-ipv4`),
    row(`${transport}-connect-nodelay`),
    row(`${transport}-connect-ipv6`, {
      request: { network: "tcp", target: { host: "::1", port: 18_080 } },
    }),
    row(`${transport}-connect-domain`, {
      request: { network: "tcp", target: named },
    }),
    row(`${transport}-connect-auth`, {
      request: { network: "tcp", target: named, credentials: auth("pass") },
    }),
    row(`${transport}-connect-auth-failure`, {
      request: { network: "tcp", target: ECHO, credentials: auth("wrong") },
      status: "unauthorized",
      received: NOTHING,
    }),
    row(`${transport}-connect-forbidden`, {
      status: "forbidden",
      received: NOTHING,
    }),
    row(`${transport}-connect-refused`, {
      request: { network: "tcp", target: NOBODY },
      status: "network-unreachable",
      received: NOTHING,
    }),
    row(`${transport}-connect-server-first`, {
      request: { network: "tcp", target: { host: "127.0.0.1", port: 18_081 } },
      sent: ascii("EHLO\r\n"),
      received: ascii("220 hello\r\n250 EHLO\r\n"),
    }),
    row(`${transport}-udp-connect`, {
      request: { network: "udp", target: { host: "127.0.0.1", port: 18_053 } },
      sent: datagrams("one", "two!"),
      received: datagrams("ONE", "TWO!"),
    }),
  ];
}

const TEN_THOUSAND = Uint8Array.from({ length: 10_000 }, (_, i) => i);

const ROWS = [
  ...["tcp", "ws", "wss"].flatMap(rows),
  row("ws-upgrade-path-host"),
  row("ws-keepalive"),
  row("ws-client-fragments", { sent: TEN_THOUSAND, received: TEN_THOUSAND }),
  row("tungo-udp", {
    request: { network: "udp", target: { host: "10.99.1.1", port: 5300 } },
    sent: datagrams("one", "two!"),
    received: datagrams("ONE", "TWO!"),
  }),
];

for (const { name, request, sent, status, received } of ROWS) {
  Deno.test(`relay codecs read and write ${name} as GOST does`, () => {
    const exchange = readExchange(name);
    const property = fc.property(cuts(), (lengths) => {
      const { client, server } = relayStreams(exchange, lengths);

      const asked = expectMessage(relayRequestReader(), client, lengths);
      assertEquals(asked.value, { command: "connect", ...request });
      assertEquals(asked.rest, sent);
      const octets = expectOctets(encodeRelayRequest(request));
      assertEquals(concat([octets, sent]), client);

      const answered = expectMessage(relayResponseReader(), server, lengths);
      assertEquals(answered.value.status, status);
      assertEquals(answered.rest, received);
      assertEquals(concat([encodeRelayResponse(status), received]), server);
    });
    fc.assert(property, { numRuns: 10 });
  });
}

Deno.test("relay codecs read what GOST's tungo asks for", () => {
  const property = fc.property(cuts(), (lengths) => {
    const names = ["tungo-tcp", "tungo-sniffing"];
    const targets = names.flatMap(readExchanges).map((exchange) => {
      const { client, server } = relayStreams(exchange, lengths);
      const asked = expectMessage(relayRequestReader(), client, lengths);
      const answered = expectMessage(relayResponseReader(), server, lengths);
      assertEquals(answered.value.status, "ok");
      assertEquals(answered.rest, asked.rest);
      return asked.value.target;
    });
    assertEquals(targets, [
      { host: "10.99.1.1", port: 8300 },
      { host: "fd99::1", port: 8300 },
      { host: "h.example", port: 8300 },
      { host: "a.example", port: 8300 },
    ]);
  });
  fc.assert(property, { numRuns: 10 });
});
