import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  createFrameBuffer,
  PAYLOAD_AT,
  sealFrame,
} from "../../../src/proto/websocket_frame.ts";
import { FrameReader } from "../../../src/proto/websocket_frame_reader.ts";
import { ascii, concat, cuts, hex } from "../../support/octets.ts";
import { readFrames } from "../../support/read_frames.ts";

const CLIENT = { masked: true };
const SERVER = { masked: false };

Deno.test("FrameReader reads a client's and a server's frames [RFC 6455 §5.7]", () => {
  const hello = ascii("Hello");
  const rows: [{ masked: boolean }, string][] = [
    [SERVER, "81 05 48656c6c6f"],
    [CLIENT, "81 85 37fa213d 7f9f4d5158"],
    [SERVER, "82 7e 0005 48656c6c6f"],
    [SERVER, "82 7f 0000000000000005 48656c6c6f"],
    [SERVER, "01 03 48656c 80 02 6c6f"],
    [CLIENT, "02 82 37fa213d 7f9f 00 80 00000000 80 83 01020304 6d6e6c"],
    [SERVER, "82 00 82 05 48656c6c6f 82 00"],
  ];
  for (const [peer, octets] of rows) {
    assertEquals(readFrames(peer, hex(octets)), {
      payload: hello,
      control: [],
      error: undefined,
      whole: true,
    }, octets);
  }
});

Deno.test("FrameReader reads control frames between the frames of a message [RFC 6455 §5.4]", () => {
  const octets = hex("02 01 61 | 89 02 7070 | 00 01 62 | 8a 00 | 80 01 63");
  assertEquals(readFrames(SERVER, octets), {
    payload: ascii("abc"),
    control: ["ping 7070", "pong"],
    error: undefined,
    whole: true,
  });
});

Deno.test("FrameReader reads what sealFrame writes, however it is cut", () => {
  const payload = fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(70_000).fill(7)) },
  );
  const messages = fc.array(payload, { maxLength: 6 });
  const key = fc.option(fc.integer(), { nil: undefined });
  fc.assert(
    fc.property(messages, key, cuts(), (messages, key, lengths) => {
      const buffer = createFrameBuffer(70_000);
      const frames = messages.map((message) => {
        buffer.bytes.set(message, PAYLOAD_AT);
        return sealFrame(buffer, "binary", message.length, key).slice();
      });
      const peer = { masked: key !== undefined };
      assertEquals(readFrames(peer, concat(frames), lengths), {
        payload: concat(messages),
        control: [],
        error: undefined,
        whole: true,
      });
    }),
  );
});

Deno.test("FrameReader reads any legal stream the same way however it is cut", () => {
  const octets = hex(`
    02 85 37fa213d 36fb213735 | 89 82 37fa213d 478a | 00 84 37fa213d 37fd2042
    80 8a 37fa213d 37fa207b979244515b95 | 82 80 37fa213d
    82 fe 0003 01020304 60606a | 8a 80 37fa213d`);
  fc.assert(fc.property(cuts(), (lengths) => {
    assertEquals(readFrames(CLIENT, octets, lengths), {
      payload: concat([
        hex("0101000a02 0007017f 00000146a068656c6c6f"),
        ascii("abi"),
      ]),
      control: ["ping 7070", "pong"],
      error: undefined,
      whole: true,
    });
  }));
});

Deno.test("FrameReader lends payload where it lies, without waiting for the frame's end", () => {
  const piece = hex("82 7e 1000 616263");
  const lent: Uint8Array[] = [];
  new FrameReader(SERVER).push(piece, {
    onPayload: (octets) => lent.push(octets),
    onControl: () => {},
  });
  assertEquals(lent, [ascii("abc")]);
  assertStrictEquals(lent[0]?.buffer, piece.buffer);
});

Deno.test("FrameReader takes control frames of up to 125 octets [RFC 6455 §5.5]", () => {
  const payload = "ab".repeat(125);
  assertEquals(readFrames(SERVER, hex(`89 7d ${payload}`)).control, [
    `ping ${payload}`,
  ]);
});

Deno.test("FrameReader never lends nothing", () => {
  const lengths: number[] = [];
  const reader = new FrameReader(SERVER);
  for (const piece of ["82", "00 02", "00 00 02", "6162 80 01", "61"]) {
    reader.push(hex(piece), {
      onPayload: ({ length }) => lengths.push(length),
      onControl: () => {},
    });
  }
  assertEquals(lengths, [2, 1]);
});

Deno.test("FrameReader names violations as GOST does [RFC 6455 §5.2, §5.4, §5.5]", () => {
  const rows: [{ masked: boolean }, string, string][] = [
    [CLIENT, "82 05 48656c6c6f", "bad MASK"],
    [SERVER, "82 85 37fa213d 7f9f4d5158", "bad MASK"],
    [SERVER, "c2 00", "RSV1 set"],
    [SERVER, "a2 00", "RSV2 set"],
    [SERVER, "92 00", "RSV3 set"],
    [SERVER, "83 00", "bad opcode 3"],
    [SERVER, "87 00", "bad opcode 7"],
    [SERVER, "8b 00", "bad opcode 11"],
    [SERVER, "8f 00", "bad opcode 15"],
    [SERVER, "80 00", "continuation after FIN"],
    [SERVER, "00 00", "continuation after FIN"],
    [SERVER, "02 00 82 00", "data before FIN"],
    [SERVER, "02 00 01 00", "data before FIN"],
    [SERVER, "09 00", "FIN not set on control"],
    [SERVER, "89 7e 007e", "len > 125 for control"],
    [SERVER, "88 7f", "len > 125 for control"],
    [SERVER, "82 7f 8000000000000000", "bad length"],
    [SERVER, "82 7f 0020000000000000", "bad length"],
  ];
  for (const [peer, octets, error] of rows) {
    const frames = readFrames(peer, hex(octets));
    assertEquals([frames.error, frames.payload], [error, hex("")], octets);
  }
});

Deno.test("FrameReader takes a frame of up to 2^53 - 1 octets [RFC 6455 §5.2]", () => {
  const frames = readFrames(SERVER, hex("82 7f 001fffffffffffff 616263"));
  assertEquals([frames.payload, frames.error], [ascii("abc"), undefined]);
});

Deno.test("FrameReader ignores what follows a close frame [RFC 6455 §5.5.1]", () => {
  const octets = hex("82 01 61 | 88 02 03e8 | 82 01 62 | ffff");
  fc.assert(fc.property(cuts(), (lengths) => {
    assertEquals(readFrames(SERVER, octets, lengths), {
      payload: ascii("a"),
      control: ["close 03e8"],
      error: undefined,
      whole: true,
    });
  }));
});

Deno.test("FrameReader knows where a stream may end", () => {
  const rows: [string, boolean][] = [
    ["", true],
    ["82 00", true],
    ["82 01 61", true],
    ["89 00", true],
    ["88 00", true],
    ["82", false],
    ["82 01", false],
    ["82 02 61", false],
    ["02 00", false],
    ["02 01 61", false],
    ["02 00 89 00", false],
    ["02 00 88 00", false],
    ["02 00 80", false],
    ["02 00 80 00", true],
  ];
  for (const [octets, whole] of rows) {
    assertEquals(readFrames(SERVER, hex(octets)).whole, whole, octets);
  }
});

Deno.test("FrameReader never throws", () => {
  // Small numbers make lengths that fit and opcodes that exist.
  const octet = fc.oneof(
    fc.constantFrom(0x02, 0x82, 0x80, 0x88, 0x89, 0x8a),
    fc.nat({ max: 8 }),
    fc.nat({ max: 255 }),
  );
  const octets = fc.array(octet, { maxLength: 60 });
  fc.assert(
    fc.property(octets, cuts(), fc.boolean(), (octets, lengths, masked) => {
      readFrames({ masked }, Uint8Array.from(octets), lengths);
    }),
  );
});
