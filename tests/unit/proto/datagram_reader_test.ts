import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { DatagramReader } from "../../../src/proto/datagram_reader.ts";
import {
  LENGTH_PREFIX,
  putLengthPrefixed,
} from "../../../src/proto/length_prefix.ts";
import { ascii, concat, cuts, hex, lend } from "../../support/octets.ts";

function framed(payloads: readonly Uint8Array[]): Uint8Array {
  return concat(payloads.map((payload) => {
    const frame = new Uint8Array(2 + payload.length);
    putLengthPrefixed(frame, 0, payload);
    return frame;
  }));
}

/** The datagrams in `octets`, and whether they end where the octets do. */
function read(octets: Uint8Array, lengths: readonly number[]) {
  const payloads: Uint8Array[] = [];
  const reader = new DatagramReader(
    LENGTH_PREFIX,
    (payload) => payloads.push(payload.slice()),
  );
  for (const piece of lend(octets, lengths)) {
    assertEquals(reader.push(piece), undefined);
  }
  return { payloads, whole: reader.isBetweenDatagrams() };
}

Deno.test("DatagramReader reads datagrams of 0 to 65 535 octets, however they are cut", () => {
  const payload = fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ maxLength: 50 }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(0xffff).fill(7)) },
  );
  const payloads = fc.array(payload, { maxLength: 6 });
  fc.assert(fc.property(payloads, cuts(), (payloads, lengths) => {
    assertEquals(read(framed(payloads), lengths), { payloads, whole: true });
  }));
});

Deno.test("DatagramReader knows a datagram that was cut short", () => {
  const octets = framed([ascii("one"), ascii("two")]);
  for (let length = 0; length <= octets.length; length++) {
    const { payloads, whole } = read(octets.subarray(0, length), []);
    assertEquals(payloads.length, Math.floor(length / 5));
    assertEquals(whole, length % 5 === 0);
  }
});

Deno.test("DatagramReader lends a payload where it lies unless it was cut", () => {
  const buffers: ArrayBufferLike[] = [];
  const reader = new DatagramReader(
    LENGTH_PREFIX,
    (payload) => buffers.push(payload.buffer),
  );
  // As GOST writes: the length alone, then the payload.
  const pieces = [
    hex("0003 6f6e65 0003"),
    hex("74776f 0005 7468"),
    hex("726565 0000"),
  ];
  for (const piece of pieces) reader.push(piece);

  assertEquals(buffers.length, 4);
  assertStrictEquals(buffers[0], pieces[0]?.buffer);
  assertStrictEquals(buffers[1], pieces[1]?.buffer);
  assertStrictEquals(pieces.some(({ buffer }) => buffer === buffers[2]), false);
  assertStrictEquals(buffers[3], pieces[2]?.buffer);
});

Deno.test("DatagramReader collects cut datagrams in one buffer of at most 65 535 octets", () => {
  const buffers = new Set<ArrayBufferLike>();
  const reader = new DatagramReader(
    LENGTH_PREFIX,
    ({ buffer }) => buffers.add(buffer),
  );
  const octets = framed([
    new Uint8Array(1000),
    new Uint8Array(2000),
    new Uint8Array(500),
    new Uint8Array(0xffff),
    new Uint8Array(0xffff),
  ]);
  for (const octet of octets) reader.push(Uint8Array.of(octet));

  assertEquals(
    [...buffers].map(({ byteLength }) => byteLength),
    [2000, 0xffff],
  );
});
