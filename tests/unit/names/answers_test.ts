import { assertEquals } from "@std/assert";
import { Answers } from "../../../src/names/answers.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { dnsAnswer } from "../../support/dns_message.ts";

const CLIENT = "10.0.0.2";
const ADDRESS = "192.0.2.7";

function begin() {
  const clock = new ManualClock();
  return { clock, answers: new Answers(clock) };
}

Deno.test("Answers knows which name an address was the answer for, of either family", () => {
  const { answers } = begin();
  answers.hear(CLIENT, dnsAnswer("WWW.Example", [ADDRESS, "192.0.2.8"]));
  answers.hear(CLIENT, dnsAnswer("six.example", ["2001:db8::7"]));
  const names = [ADDRESS, "192.0.2.8", "2001:db8::7", "192.0.2.9"].map(
    (address) => answers.nameOf(CLIENT, address),
  );
  assertEquals(names, [
    "www.example",
    "www.example",
    "six.example",
    undefined,
  ]);
});

Deno.test("Answers goes by what the client itself was told, then by what anybody was, the latest first", () => {
  const { answers } = begin();
  answers.hear(CLIENT, dnsAnswer("a.example", [ADDRESS]));
  answers.hear(CLIENT, dnsAnswer("b.example", [ADDRESS]));
  answers.hear("10.0.0.3", dnsAnswer("c.example", [ADDRESS]));
  assertEquals(answers.nameOf(CLIENT, ADDRESS), "b.example");
  assertEquals(answers.nameOf("fd00::2", ADDRESS), "c.example");
});

Deno.test("Answers remembers for the answer's TTL, a minute at least", async () => {
  for (const [ttl, kept] of [[0, 60_000], [300, 300_000]] as const) {
    const { clock, answers } = begin();
    answers.hear(CLIENT, dnsAnswer("a.example", [ADDRESS], { ttl }));
    await clock.advance(kept - 1);
    assertEquals(answers.nameOf(CLIENT, ADDRESS), "a.example");
    await clock.advance(1);
    assertEquals(answers.nameOf(CLIENT, ADDRESS), undefined);
  }
});

Deno.test("Answers forgets the oldest of more than 16 384 addresses, and takes any octets", () => {
  const { answers } = begin();
  const address = (i: number): string => `10.1.${i >> 8}.${i & 0xff}`;
  for (let i = 0; i <= 16_384; i++) {
    answers.hear(CLIENT, dnsAnswer(`n${i}.example`, [address(i)]));
  }
  answers.hear(CLIENT, new Uint8Array(100));
  answers.hear(CLIENT, dnsAnswer("x.example", ["10.9.9.9"]).subarray(0, 40));
  assertEquals(answers.nameOf(CLIENT, address(0)), undefined);
  assertEquals(answers.nameOf(CLIENT, address(1)), "n1.example");
  assertEquals(answers.nameOf(CLIENT, address(16_384)), "n16384.example");
  assertEquals(answers.nameOf(CLIENT, "10.9.9.9"), undefined);
});
