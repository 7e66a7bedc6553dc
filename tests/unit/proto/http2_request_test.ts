import { assertEquals } from "@std/assert";
import {
  encodePost,
  encodePreface,
  isOk,
} from "../../../src/proto/http2_request.ts";
import { ascii, hex } from "../../support/octets.ts";

Deno.test("encodePreface() says PRI, and that there is no table and no push [RFC 9113 §3.4, §6.5.2]", () => {
  assertEquals(
    encodePreface().toHex(),
    ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").toHex() +
      "00000c040000000000" + "000100000000" + "000200000000",
  );
});

Deno.test("encodePost() is HEADERS and DATA of one stream [RFC 9113 §8.1, RFC 7541 §6]", () => {
  const octets = encodePost({
    stream: 3,
    authority: "a.example",
    path: "/q",
    headers: { accept: "x" },
    body: ascii("hi"),
  });
  const head = "8387" + "04022f71" + "0109612e6578616d706c65" +
    "00066163636570740178";
  assertEquals(
    octets.toHex(),
    `0000${(head.length / 2).toString(16)}010400000003${head}` +
      "000002000100000003" + "6869",
  );
});

Deno.test("encodePost() writes lengths beyond seven bits [RFC 7541 §5.1]", () => {
  for (
    const [length, expected] of [[126, "7e"], [127, "7f00"], [300, "7fad01"]]
  ) {
    const octets = encodePost({
      stream: 1,
      authority: "a",
      path: "/".repeat(Number(length)),
      headers: {},
      body: new Uint8Array(0),
    });
    const start = octets.subarray(12).toHex();
    assertEquals(start.startsWith(`${expected}2f2f`), true, `${length}`);
  }
});

Deno.test("isOk() knows 200 of the static table, also behind a change of the dynamic table's size [RFC 7541 §6.3]", () => {
  const rows = [["88", true], ["20885f", true], ["8d", false], ["", false]];
  for (const [block, ok] of rows) assertEquals(isOk(hex(String(block))), ok);
});
