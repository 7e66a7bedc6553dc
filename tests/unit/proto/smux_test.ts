import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeSmuxSignal,
  encodeSmuxUpdate,
  putSmuxHeader,
  SmuxReader,
  type SmuxVersion,
} from "../../../src/proto/smux.ts";
import { readExchange } from "../../support/hex_exchange.ts";
import { ascii, concat, cuts, hex, lend } from "../../support/octets.ts";
import { relayStreams } from "../../support/relay_streams.ts";

/** What a reader tells of `octets` in pieces: "syn 3", "psh 3 68656c6c6f", "upd 3 18 65536". */
function read(
  octets: Uint8Array,
  lengths: readonly number[] = [],
  version: SmuxVersion | undefined = undefined,
): string[] {
  const told: string[] = [];
  const reader = new SmuxReader(version);
  const payloads = new Map<number, string>();
  for (const piece of lend(octets, lengths)) {
    const error = reader.push(piece, {
      onSignal: (signal, stream) => told.push(`${signal} ${stream}`),
      onPayload: (stream, payload) =>
        payloads.set(stream, (payloads.get(stream) ?? "") + payload.toHex()),
      onUpdate: (...fields) => told.push(`upd ${fields.join(" ")}`),
    });
    if (error !== undefined) return [...told, error.message];
  }
  for (const [stream, payload] of payloads) {
    told.push(`psh ${stream} ${payload}`);
  }
  return told;
}

Deno.test("putSmuxHeader() and its kin write what GOST writes", () => {
  const header = new Uint8Array(9);
  const frame = { command: "psh", stream: 3, length: 14 } as const;
  putSmuxHeader(header, 1, { version: 1, ...frame });
  assertEquals(header, hex("00 01 02 0e 00 03 00 00 00"));
  assertEquals(encodeSmuxSignal(1, "syn", 3), hex("01 00 0000 03000000"));
  assertEquals(encodeSmuxSignal(2, "nop", 0), hex("02 03 0000 00000000"));
  assertEquals(
    encodeSmuxUpdate({
      version: 2,
      stream: 3,
      consumed: 18,
      window: 65_536,
    }),
    hex("02 04 0800 03000000 12000000 00000100"),
  );
  assertEquals(
    encodeSmuxUpdate({
      version: 1,
      stream: 2 ** 32 - 1,
      consumed: 3 * 2 ** 32 - 2,
      window: 2 ** 31,
    }),
    hex("01 04 0800 ffffffff feffffff 00000080"),
  );
});

const HELLO = ascii("hello").toHex();

/** What stream 3 of every recorded session carries, stream 5 behind it, and what stream 7 is told. */
const SESSION = [
  "syn 3",
  "syn 5",
  "fin 3",
  "syn 7",
  "fin 7",
  "nop 0",
  "fin 5",
  `psh 3 0101000a020007017f00000146a0${HELLO}`,
  `psh 5 01010013020010030c${ascii("echo.example").toHex()}46a0${
    ascii("secondmore").toHex()
  }`,
  `psh 7 0101000a020007017f00000146b378`,
];
const ANSWERS = [
  "fin 3",
  "fin 7",
  "nop 0",
  "fin 5",
  `psh 3 01000000${HELLO}`,
  `psh 5 01000000${ascii("secondmore").toHex()}`,
  "psh 7 01070000",
];

for (const transport of ["mtcp", "mtls", "mws", "mwss"]) {
  Deno.test(`SmuxReader reads GOST's ${transport}, however it is cut`, () => {
    const exchange = readExchange(`${transport}-session`);
    fc.assert(fc.property(cuts(), (lengths) => {
      const { client, server } = relayStreams(exchange, lengths);
      const isUpdate = (line: string) => line.startsWith("upd ");
      const sent = read(client, lengths);
      const received = read(server, lengths);
      assertEquals(sent.filter((line) => !isUpdate(line)), SESSION);
      assertEquals(received.filter((line) => !isUpdate(line)), ANSWERS);
      const updates = transport === "mtcp"
        ? ["upd 3 4 65536", "upd 5 4 65536", "upd 7 4 65536"]
        : [];
      assertEquals(received.filter(isUpdate).slice(0, 3), updates);
    }));
  });
}

Deno.test("SmuxReader takes the peer's version where it has none, and keeps to it", () => {
  const one = encodeSmuxSignal(1, "syn", 3);
  const two = encodeSmuxSignal(2, "syn", 5);
  assertEquals(read(concat([two, two])), ["syn 5", "syn 5"]);
  assertEquals(read(concat([one, two])), [
    "syn 3",
    "Expected version 1, not 2: mux.version=2 would do",
  ]);
  assertEquals(read(two, [], 1), [
    "Expected version 1, not 2: mux.version=2 would do",
  ]);
});

for (
  const [what, octets, message] of [
    [
      "another protocol",
      "474554202f20485454",
      "Expected version 1 or 2, not 71",
    ],
    [
      "a SYN with a payload",
      "0100050003000000",
      "Expected no command 0 with 5 octets in version 1",
    ],
    [
      "an unknown command",
      "0206000003000000",
      "Expected no command 6 with 0 octets in version 2",
    ],
    [
      "an update of another length",
      "0204090003000000",
      "Expected no command 4 with 9 octets in version 2",
    ],
  ] as const
) {
  Deno.test(`SmuxReader names ${what}`, () => {
    assertEquals(read(hex(octets)), [message]);
  });
}

Deno.test("SmuxReader takes the longest frame and an empty one", () => {
  const long = "ab".repeat(65_535);
  assertEquals(
    read(hex(`0202ffff03000000${long}0202000003000000`), [7, 4, 1000]),
    [`psh 3 ${long}`],
  );
});

Deno.test("SmuxReader does not throw on random octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    read(octets);
    read(concat([hex("01"), octets]));
  }));
});
