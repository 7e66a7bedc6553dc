import { assertEquals } from "@std/assert";
import {
  fitted,
  responseLimit,
  serverFailure,
} from "../../../src/proto/dns_datagram.ts";
import { concat, hex } from "../../support/octets.ts";

const QUESTION = hex("0161 00 0001 0001");

Deno.test("responseLimit() is what OPT says, 512 at least and without it [RFC 1035 §4.2.1, RFC 6891 §6.2.3]", () => {
  const rows: [string, number][] = [
    ["", 512],
    ["00 0029 04d0 00000000 0000", 1232],
    ["00 0029 0100 00000000 0000", 512],
    ["00 0010 0001 00000000 0001ff 00 0029 1000 00000000 0000", 4096],
    ["00 0029 04", 512],
  ];
  for (const [records, limit] of rows) {
    const query = concat([
      hex("0007 0100 0001 0000 0000 0001"),
      QUESTION,
      hex(records),
    ]);
    assertEquals(responseLimit(query), limit, records);
  }
});

Deno.test("fitted() cuts what is too long to its question, and marks it [RFC 2181 §9]", () => {
  const head = hex("0007 8180 0001 0001 0000 0000");
  const response = concat([head, QUESTION, new Uint8Array(16)]);
  assertEquals(fitted(response, response.length), response);
  assertEquals(
    fitted(response, response.length - 1).toHex(),
    "000783800001000000000000" + QUESTION.toHex(),
  );
});

Deno.test("serverFailure() answers the question with SERVFAIL alone", () => {
  const query = concat([
    hex("0007 0120 0001 0000 0000 0001"),
    QUESTION,
    hex("00 0029 04d0 00000000 0000"),
  ]);
  assertEquals(
    serverFailure(query).toHex(),
    "000781820001000000000000" + QUESTION.toHex(),
  );
});
