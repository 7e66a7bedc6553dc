import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  createFrameBuffer,
  type FrameBuffer,
  PAYLOAD_AT,
  sealFrame,
} from "../../../src/proto/websocket_frame.ts";
import { encodeClose } from "../../../src/proto/websocket_close.ts";
import { concat, hex } from "../../support/octets.ts";

/** The key of the octets 37 fa 21 3d. */
const KEY = 0x3d21fa37;

function filled(payload: Uint8Array): FrameBuffer {
  const buffer = createFrameBuffer(payload.length);
  buffer.bytes.set(payload, PAYLOAD_AT);
  return buffer;
}

Deno.test("sealFrame writes a client's frames [RFC 6455 §5.2]", () => {
  const request = hex("0101000a 02000701 01020304 01bb");
  assertEquals(
    sealFrame(filled(request), "binary", request.length, KEY),
    hex("82 8e 37fa213d 36fb213735fa263c36f8223936 41"),
  );
  assertEquals(
    sealFrame(filled(hex("")), "ping", 0, KEY),
    hex("89 80 37fa213d"),
  );
  assertEquals(
    sealFrame(filled(encodeClose(1000)), "close", 2, KEY),
    hex("88 82 37fa213d 3412"),
  );
});

Deno.test("sealFrame writes a server's frames [RFC 6455 §5.2]", () => {
  assertEquals(
    sealFrame(filled(hex("01000000")), "binary", 4),
    hex("82 04 01000000"),
  );
  assertEquals(sealFrame(filled(hex("")), "pong", 0), hex("8a 00"));
});

Deno.test("sealFrame codes the length in the fewest octets [RFC 6455 §5.2]", () => {
  const rows: [number, string, string][] = [
    [125, "82 7d", "82 fd"],
    [126, "82 7e 007e", "82 fe 007e"],
    [0xffff, "82 7e ffff", "82 fe ffff"],
    [0x10000, "82 7f 0000000000010000", "82 ff 0000000000010000"],
    [0x20304, "82 7f 0000000000020304", "82 ff 0000000000020304"],
  ];
  for (const [length, server, client] of rows) {
    const payload = new Uint8Array(length).fill(0xee);
    assertEquals(
      sealFrame(filled(payload), "binary", length),
      concat([hex(server), payload]),
    );
    assertEquals(
      sealFrame(filled(payload), "binary", length, 0),
      concat([hex(client), hex("00000000"), payload]),
    );
  }
});

Deno.test("sealFrame writes into its buffer, which can be used again", () => {
  const buffer = createFrameBuffer(5);
  buffer.bytes.set(hex("0102030405"), PAYLOAD_AT);
  const first = sealFrame(buffer, "binary", 5, KEY);
  assertStrictEquals(first.buffer, buffer.bytes.buffer);
  buffer.bytes.set(hex("aabb"), PAYLOAD_AT);
  assertEquals(sealFrame(buffer, "binary", 2), hex("82 02 aabb"));
});

Deno.test("sealFrame takes no more than its buffer was made for", () => {
  const buffer = createFrameBuffer(8);
  assertThrows(() => sealFrame(buffer, "binary", 9), Error, "assertion failed");
});
