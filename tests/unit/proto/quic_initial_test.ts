import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { QuicInitials, sealInitial } from "../../../src/proto/quic_initial.ts";
import { ascii, concat, hex } from "../../support/octets.ts";
import { crypto, DCID, initial, readInitial } from "../../support/quic.ts";

const RFC_9001 = readInitial("rfc9001-a2");
const RFC_9369 = readInitial("rfc9369-a2");

const PING = hex("01");
/** A packet needs 4 octets beyond its number to be sampled. */
const PADDED = concat([PING, new Uint8Array(20)]);

function open(datagram: Uint8Array): readonly string[] | undefined {
  return new QuicInitials().open(datagram)?.map((payload) => payload.toHex());
}

Deno.test("QuicInitials opens the packets of the RFCs [RFC 9001 §A.2, RFC 9369 §A.2]", () => {
  for (const packet of [RFC_9001, RFC_9369]) {
    const [payload = "", ...others] = open(packet) ?? [];
    assertEquals([payload.length / 2, others.length], [1162, 0]);
    assertEquals(payload.startsWith("060040f1010000ed0303ebf8fa56f129"), true);
  }
});

Deno.test("initial() of the tests seals what the RFCs seal [RFC 9001 §A.2, RFC 9369 §A.2]", () => {
  const [payload] = new QuicInitials().open(RFC_9001) ?? [];
  if (payload === undefined) throw new Error("it was not opened");
  assertEquals(initial({ payload }), RFC_9001);
  assertEquals(initial({ payload, version: 2 }), RFC_9369);
});

Deno.test("QuicInitials opens packets with numbers of any length, tokens and connection IDs of up to 20 octets [RFC 9000 §17.2.2]", () => {
  const rows = [
    { number: 0, numberLength: 1 },
    { number: 0x1234, numberLength: 2 },
    { number: 0x123456, numberLength: 3 },
    { token: ascii("a token") },
    { token: new Uint8Array(200) },
    { dcid: new Uint8Array(20) },
    { dcid: new Uint8Array(0) },
  ];
  for (const row of rows) {
    const packet = initial({ ...row, payload: PADDED });
    assertEquals(open(packet), [PADDED.toHex()]);
  }
});

Deno.test("QuicInitials opens all that are coalesced, and passes over other packets and what is behind them [RFC 9000 §12.2]", () => {
  const one = concat([crypto(0, ascii("one")), new Uint8Array(20)]);
  const two = concat([crypto(3, ascii("two")), new Uint8Array(20)]);
  const zeroRtt = hex("d0 00000001 08 8394c8f03e515708 00 04 01020304");
  const datagram = concat([
    zeroRtt,
    initial({ payload: one }),
    initial({ payload: two, number: 3 }),
    new Uint8Array(40),
  ]);
  assertEquals(open(datagram), [one.toHex(), two.toHex()]);
});

Deno.test("QuicInitials passes over a packet that is not sealed as it should be", () => {
  const damaged = RFC_9001.slice();
  damaged[600] = (damaged[600] ?? 0) ^ 1;
  assertEquals(open(damaged), []);
  assertEquals(open(concat([damaged, initial({ payload: PADDED })])), [
    PADDED.toHex(),
  ]);
});

Deno.test("QuicInitials knows what is no QUIC of a version that it has", () => {
  const rows: [string, Uint8Array][] = [
    ["nothing", hex("")],
    ["a short header", hex("40 0102030405060708")],
    ["no fixed bit", hex("80 00000001 00 00 00 00")],
    ["an unknown version", hex("c0 00000003 00 00 00 00")],
    ["version negotiation", hex("c0 00000000 00 00 00000001")],
    ["Retry", hex("f0 00000001 00 00 00000000")],
    ["Retry of version 2", hex("c0 6b3343cf 00 00 00000000")],
    ["a connection ID of 21 octets", hex(`c0 00000001 15${"00".repeat(30)}`)],
    ["a length that goes on", hex("c0 00000001 00 00 00 05 01020304")],
    ["a token that goes on", hex("c0 00000001 00 00 ffffffffffffffff 00")],
    ["half a header", RFC_9001.subarray(0, 12)],
    ["all but the last octet", RFC_9001.subarray(0, 1199)],
  ];
  for (const [what, octets] of rows) {
    assertEquals(open(octets), undefined, what);
  }
});

Deno.test("QuicInitials never throws", () => {
  const change = fc.tuple(fc.nat({ max: 40 }), fc.nat(255));
  fc.assert(fc.property(fc.array(change, { maxLength: 5 }), (changes) => {
    const mutated = RFC_9001.slice();
    for (const [at, octet] of changes) mutated[at] = octet;
    open(mutated);
  }));
  fc.assert(fc.property(fc.uint8Array(), (octets) => {
    open(octets);
    open(concat([hex("c0 00000001 00 00"), octets]));
  }));
});

Deno.test("sealInitial() seals what an RFC's client would, and what is too short for a sample too", () => {
  const payload = concat([crypto(0, ascii("hello")), new Uint8Array(20)]);
  assertEquals(sealInitial(payload, DCID), initial({ payload, number: 0 }));
  const short = sealInitial(PING, DCID);
  assertEquals(open(short), [`01${"00".repeat(15)}`]);
});
