import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { QuicClientHello } from "../../../src/proto/quic_client_hello.ts";
import { helloMessage } from "../../support/client_hello.ts";
import { concat, hex } from "../../support/octets.ts";
import { crypto, initial, readInitial } from "../../support/quic.ts";

const HELLO = helloMessage("a.example", 1500);
const FOUND = { serverName: "a.example", alpn: [] };

/** Initial packets with one frame each. */
function packets(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map((payload, number) =>
    initial({ payload: concat([payload, new Uint8Array(4)]), number })
  );
}

Deno.test("QuicClientHello reads the SNI of the RFCs' packets [RFC 9001 §A.2, RFC 9369 §A.2]", () => {
  for (const name of ["rfc9001-a2", "rfc9369-a2"]) {
    assertEquals(new QuicClientHello().push(readInitial(name)), {
      serverName: "example.com",
      alpn: ["alpn"],
    });
  }
});

Deno.test("QuicClientHello puts CRYPTO frames together in any order, coalesced or each in its datagram [RFC 9000 §7.5]", () => {
  const cut = fc.uniqueArray(fc.integer({ min: 1, max: HELLO.length - 1 }), {
    maxLength: 12,
  });
  const seeds = fc.array(fc.nat(), { minLength: 13, maxLength: 13 });
  fc.assert(fc.property(cut, seeds, fc.boolean(), (cuts, order, coalesced) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), HELLO.length];
    const frames = places.slice(1).map((end, i) => {
      const start = places[i] ?? 0;
      return crypto(start, HELLO.subarray(start, end));
    }).map((frame, i) => ({ frame, by: order[i] ?? 0 }))
      .toSorted((a, b) => a.by - b.by).map(({ frame }) => frame);
    const quic = new QuicClientHello();
    const datagrams = coalesced ? [concat(packets(frames))] : packets(frames);
    const results = datagrams.map((datagram) => quic.push(datagram));
    assertEquals(results.pop(), FOUND);
    assertEquals(results.every((result) => result === "more"), true);
  }));
});

Deno.test("QuicClientHello takes frames that overlap or come twice", () => {
  const [first, second, third] = [[0, 800], [400, 1200], [1100, HELLO.length]]
    .map(([start, end]) => crypto(start ?? 0, HELLO.subarray(start, end)));
  if (!first || !second || !third) throw new Error("three were asked for");
  const quic = new QuicClientHello();
  const results = packets([first, first, third, second])
    .map((datagram) => quic.push(datagram));
  assertEquals(results, ["more", "more", "more", FOUND]);
});

Deno.test("QuicClientHello reads past PADDING, PING and ACK", () => {
  const frames = concat([
    hex("00 01 00"),
    hex("02 05 00 01 00 00 01"),
    hex("03 05 00 00 00 01 02 03"),
    crypto(0, HELLO),
  ]);
  assertEquals(new QuicClientHello().push(initial({ payload: frames })), FOUND);
});

Deno.test("QuicClientHello gives up where no hello can come", () => {
  const long = new Uint8Array(16 * 1024);
  const rows: [string, Uint8Array][] = [
    ["a frame that no client begins with", hex("1c 00 00 00")],
    ["half a frame", hex("06 00 4100")],
    ["an ACK without an end", hex("02 05 00 ffffffffffffffff 00 00 01")],
    ["a ServerHello", crypto(0, hex("02 000000"))],
    ["octets beyond 16 KiB", crypto(16_383, hex("0102"))],
    ["a hello beyond 16 KiB", crypto(0, hex("01 ffffff"))],
  ];
  for (const [what, frames] of rows) {
    const payload = concat([frames, new Uint8Array(20)]);
    const result = new QuicClientHello().push(initial({ payload }));
    assertEquals(result, "other", what);
  }
  assertEquals(new QuicClientHello().push(long), "other");
});

Deno.test("QuicClientHello keeps no more than 128 frames", () => {
  const quic = new QuicClientHello();
  const frame = crypto(5, hex("00"));
  const payload = concat(Array.from({ length: 64 }, () => frame));
  const results = [1, 2, 3].map(() => quic.push(initial({ payload })));
  assertEquals(results, ["more", "more", "other"]);
});
