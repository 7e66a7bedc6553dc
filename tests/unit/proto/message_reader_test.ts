import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import {
  MessageReader,
  type Progress,
} from "../../../src/proto/message_reader.ts";
import { ascii, cuts, hex } from "../../support/octets.ts";
import { readMessage } from "../../support/read_message.ts";

/** A text that ends with "."; "!" is a violation. */
function sentence(max: number): MessageReader<string> {
  const parse = (octets: Uint8Array): Progress<string> => {
    const text = new TextDecoder().decode(octets);
    if (text.includes("!")) return new ProtocolError("test", "No shouting");
    const end = text.indexOf(".");
    return end < 0 ? "more" : { value: text.slice(0, end), length: end + 1 };
  };
  return new MessageReader({ protocol: "test", max, parse });
}

Deno.test("MessageReader reads a message however it is cut, and nothing of what follows", () => {
  fc.assert(fc.property(cuts(), (lengths) => {
    assertEquals(readMessage(sentence(100), ascii("abcdefgh.ijk"), lengths), {
      value: "abcdefgh",
      rest: ascii("ijk"),
    });
  }));
});

Deno.test("MessageReader counts the octets of the last piece alone", () => {
  const reader = sentence(100);
  assertEquals(reader.push(ascii("abc")), "more");
  assertEquals(reader.push(new Uint8Array()), "more");
  assertEquals(reader.push(ascii("de.f")), { value: "abcde", length: 3 });
});

Deno.test("MessageReader passes errors on", () => {
  assertEquals(readMessage(sentence(100), ascii("abc!"), [2]), "No shouting");
});

Deno.test("MessageReader refuses what is longer than its bound, in one piece or many", () => {
  const rows: [string, Uint8Array, number[]][] = [
    ["whole, fits", ascii("abcd."), []],
    ["cut, fits", ascii("abcd."), [1, 1, 1]],
    ["whole", ascii("abcde."), []],
    ["cut", ascii("abcde."), [1, 1, 1]],
    ["endless", new Uint8Array(9), [3]],
  ];
  assertEquals(
    rows.map(([, octets, lengths]) =>
      readMessage(sentence(5), octets, lengths)
    ),
    [
      { value: "abcd", rest: hex("") },
      { value: "abcd", rest: hex("") },
      "Expected a message of at most 5 octets",
      "Expected a message of at most 5 octets",
      "Expected a message of at most 5 octets",
    ],
  );
});
