import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { mask, maskWords } from "../../../src/proto/websocket_mask.ts";
import { hex } from "../../support/octets.ts";

/** The key of the octets 37 fa 21 3d. */
const KEY = 0x3d21fa37;

/** RFC 6455 §5.3, literally. */
function maskSlowly(octets: Uint8Array, key: Uint8Array, phase: number) {
  return octets.map((octet, i) => octet ^ (key[(i + phase) % 4] ?? 0));
}

Deno.test("mask unmasks the example [RFC 6455 §5.7]", () => {
  const octets = hex("7f 9f 4d 51 58");
  mask(octets, KEY);
  assertEquals(new TextDecoder().decode(octets), "Hello");
});

Deno.test("mask works at any place of a buffer, in any number of steps [RFC 6455 §5.3]", () => {
  const steps = fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 6 });
  const property = fc.property(
    fc.nat({ max: 7 }),
    steps,
    fc.integer(),
    (offset, steps, key) => {
      const length = steps.reduce((sum, step) => sum + step, 0);
      const buffer = Uint8Array.from(
        { length: offset + length + 4 },
        (_, i) => i,
      );
      const keyOctets = new Uint8Array(Int32Array.of(key).buffer);
      const expected = buffer.slice();
      expected.set(
        maskSlowly(buffer.subarray(offset, offset + length), keyOctets, 0),
        offset,
      );

      let at = offset;
      let rest = key;
      for (const step of steps) {
        rest = mask(buffer.subarray(at, at + step), rest);
        at += step;
      }

      assertEquals(buffer, expected);
    },
  );
  fc.assert(property);
});

Deno.test("maskWords leaves the words around its range alone", () => {
  const words = Int32Array.of(1, 2, 3, 4);
  maskWords(words, 1, 3, -1);
  assertEquals(words, Int32Array.of(1, ~2, ~3, 4));
});
