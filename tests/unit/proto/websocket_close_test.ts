import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import {
  closeAnswer,
  encodeClose,
  parseClose,
} from "../../../src/proto/websocket_close.ts";
import { hex } from "../../support/octets.ts";

Deno.test("encodeClose writes code and reason, or nothing [RFC 6455 §5.5.1]", () => {
  assertEquals(encodeClose(1000), hex("03e8"));
  assertEquals(encodeClose(1002, "bad MASK"), hex("03ea 626164204d41534b"));
  assertEquals(encodeClose(), hex(""));
  assertEquals(encodeClose(1000, "x".repeat(123)).length, 125);
  assertThrows(() => encodeClose(1000, "x".repeat(124)), Error);
});

Deno.test("parseClose takes the codes that may be sent [RFC 6455 §7.4]", () => {
  const good = [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999];
  for (const code of good) {
    assertEquals(parseClose(encodeClose(code, "bye")), { code, reason: "bye" });
  }
  const bad = [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535];
  for (const code of bad) {
    const error = parseClose(encodeClose(code));
    assertEquals(
      error instanceof ProtocolError && error.message,
      `bad close code ${code}`,
    );
  }
});

Deno.test("parseClose takes less than two octets for no code", () => {
  assertEquals(parseClose(hex("")), { reason: "" });
  assertEquals(parseClose(hex("03")), { reason: "" });
});

Deno.test("closeAnswer repeats the code and drops the reason, as GOST does", () => {
  const rows: [string, string][] = [
    ["03e8", "03e8"],
    ["03e9 627965", "03e9"],
    ["", ""],
    ["03", ""],
    ["03ed", "03ea 62616420636c6f736520636f64652031303035"],
    ["03e7", "03ea 62616420636c6f736520636f646520393939"],
  ];
  for (const [payload, answer] of rows) {
    assertEquals(closeAnswer(hex(payload)), hex(answer), payload);
  }
});

Deno.test("closeAnswer never throws, and answers with what may be sent", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 125 }), (payload) => {
    const answer = parseClose(closeAnswer(payload));
    assertEquals(answer instanceof ProtocolError, false);
  }));
});
