import { assertEquals } from "@std/assert";
import type { Captured } from "../../../../scripts/replay/capture_file.ts";
import { Replay } from "../../../../scripts/replay/replay.ts";
import {
  bytes,
  tcp,
  type TcpPacket,
  u32,
  udp,
} from "../../../support/packet.ts";

const APPLICATION = { src: "10.0.0.2", dst: "192.0.2.1" };
const PROGRAM = { src: "192.0.2.1", dst: "10.0.0.2" };

/** A segment at `at` ms: the application's from port 4000, or the program's answer. */
function segment(
  at: number,
  direction: "in" | "out",
  fields: Partial<TcpPacket>,
): Captured {
  const ports = direction === "in"
    ? { ...APPLICATION, sourcePort: 4000, destinationPort: 80 }
    : { ...PROGRAM, sourcePort: 80, destinationPort: 4000 };
  const octets = tcp({
    ...ports,
    ...{ seq: 0, ack: 0, flags: "A", window: 500 },
    ...{ options: bytes(), payload: bytes() },
    ...fields,
  });
  return { at, octets, direction, comment: undefined };
}

const stamps = (value: number, echo: number): Uint8Array =>
  bytes(1, 1, 8, 10, u32(value), u32(echo));

function play(packets: readonly Captured[]): string[] {
  const lines: string[] = [];
  const replay = new Replay((line) => lines.push(line));
  for (const packet of packets) replay.feed(packet);
  // Of the numbers that the stack chooses only the application's are the same each time.
  return lines.map((line) => line.replace(/^(\S+ <.*) seq \d+/, "$1 seq *"));
}

Deno.test("Replay answers a captured connection as the program did, whatever numbers the stack chooses", () => {
  const lines = play([
    segment(5000, "in", { seq: 100, flags: "S", options: stamps(1, 0) }),
    segment(5010, "out", {
      ...{ seq: 900, ack: 101, flags: "SA", options: stamps(77, 1) },
    }),
    segment(5020, "in", { seq: 101, ack: 901, options: stamps(2, 77) }),
    segment(5020, "in", {
      ...{ seq: 101, ack: 901, options: stamps(2, 77) },
      payload: bytes(1, 2, 3),
    }),
    segment(5030, "out", {
      ...{ seq: 901, ack: 104, options: stamps(87, 2) },
      payload: bytes(4, 5),
    }),
    segment(5040, "in", { seq: 104, ack: 903, options: stamps(3, 87) }),
  ]);
  assertEquals(lines.filter((line) => line.includes(" < ")), [
    "0.010000 < 192.0.2.1:80 → 10.0.0.2:4000 SA seq * ack 101 win 65535 len 0",
    "0.020000 < 192.0.2.1:80 → 10.0.0.2:4000 A seq * ack 104 win 65532 len 0",
    "0.030000 < 192.0.2.1:80 → 10.0.0.2:4000 A seq * ack 104 win 65532 len 2",
  ]);
});

Deno.test("Replay refuses what the program has refused, and prints comments", () => {
  const syn = segment(1, "in", { seq: 7, flags: "S" });
  const reset = segment(2, "out", { seq: 0, ack: 8, flags: "RA" });
  assertEquals(play([{ ...syn, comment: "flow 1" }, reset]), [
    "# flow 1",
    "0.000000 > 10.0.0.2:4000 → 192.0.2.1:80 S seq 7 win 500 len 0",
    "0.001000 was 192.0.2.1:80 → 10.0.0.2:4000 RA seq 0 ack 8 win 500 len 0",
    "0.001000 < 192.0.2.1:80 → 10.0.0.2:4000 RA seq * ack 8 win 0 len 0",
  ]);
});

Deno.test("Replay takes who sends first for the application where the capture does not tell", () => {
  const ports = { sourcePort: 5000, destinationPort: 53 };
  const back = { sourcePort: 53, destinationPort: 5000 };
  const question = udp({ ...APPLICATION, ...ports, payload: bytes(1) });
  const answer = udp({ ...PROGRAM, ...back, payload: bytes(1, 2) });
  const packet = { direction: undefined, comment: undefined };
  assertEquals(
    play([
      { ...packet, at: 0, octets: question },
      { ...packet, at: 3, octets: answer },
    ]),
    [
      "0.000000 > 10.0.0.2:5000 → 192.0.2.1:53 protocol 17 len 9",
      "0.003000 was 192.0.2.1:53 → 10.0.0.2:5000 protocol 17 len 10",
      "0.003000 < 192.0.2.1:53 → 10.0.0.2:5000 protocol 17 len 10",
    ],
  );
});

Deno.test("Replay survives packets that are none", () => {
  const packet = { direction: undefined, comment: undefined };
  const lines = play([
    { ...packet, at: 0, octets: bytes() },
    { ...packet, at: 0, octets: bytes(0x45, 1, 2) },
  ]);
  assertEquals(lines, [
    "0.000000 > 0 octets that are no packet",
    "0.000000 > 3 octets that are no packet",
  ]);
});
