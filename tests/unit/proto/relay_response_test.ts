import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeRelayResponse,
  relayResponseReader,
  type RelayStatus,
} from "../../../src/proto/relay_response.ts";
import { ascii, concat, cuts, hex } from "../../support/octets.ts";
import { readMessage } from "../../support/read_message.ts";

const CODES: [RelayStatus, string][] = [
  ["ok", "01 00 0000"],
  ["bad-request", "01 01 0000"],
  ["unauthorized", "01 02 0000"],
  ["forbidden", "01 03 0000"],
  ["timeout", "01 04 0000"],
  ["service-unavailable", "01 05 0000"],
  ["host-unreachable", "01 06 0000"],
  ["network-unreachable", "01 07 0000"],
  ["internal-server-error", "01 08 0000"],
];

Deno.test("encodeRelayResponse and relayResponseReader agree on nine statuses", () => {
  for (const [code, [status, octets]] of CODES.entries()) {
    assertEquals(encodeRelayResponse(status), hex(octets));
    assertEquals(readMessage(relayResponseReader(), hex(octets)), {
      value: { status, code },
      rest: hex(""),
    });
  }
});

Deno.test("relayResponseReader reports a status that nobody has named", () => {
  assertEquals(readMessage(relayResponseReader(), hex("01 2a 0000")), {
    value: { status: "unknown", code: 42 },
    rest: hex(""),
  });
});

Deno.test("relayResponseReader skips features, known or not, and leaves the stream behind them", () => {
  const rows = [
    hex("01 00 0000"),
    hex(`01 00 0016 02 0013 04 ${"00".repeat(16)} 9c40`),
    hex("01 00 0005 7f 0002 abcd"),
    hex("01 00 0003 abcdef"),
    concat([hex("01 00 ffff"), new Uint8Array(0xffff)]),
  ];
  const stream = ascii("HTTP/1.1 200");
  fc.assert(fc.property(fc.constantFrom(...rows), cuts(), (head, lengths) => {
    const octets = concat([head, stream]);
    assertEquals(readMessage(relayResponseReader(), octets, lengths), {
      value: { status: "ok", code: 0 },
      rest: stream,
    });
  }));
});

Deno.test("relayResponseReader fails at the first octet of another protocol", () => {
  assertEquals(
    readMessage(relayResponseReader(), ascii("H")),
    "Expected version 1, got 72",
  );
});

Deno.test("relayResponseReader waits for a whole response", () => {
  for (const octets of ["", "01", "01 00", "01 00 00", "01 00 0001"]) {
    assertEquals(readMessage(relayResponseReader(), hex(octets)), "more");
  }
});
