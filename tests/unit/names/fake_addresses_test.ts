import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeAddresses } from "../../../src/names/fake_addresses.ts";
import {
  parseAddress,
  parsePrefix,
  type Prefix,
} from "../../../src/wire/address.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const prefix = (text: string): Prefix => parsePrefix(text) as Prefix;
const address = (text: string): Uint8Array =>
  parseAddress(text) ?? new Uint8Array();

function begin(...prefixes: string[]) {
  const clock = new ManualClock();
  return { clock, fakes: new FakeAddresses(prefixes.map(prefix), clock) };
}

Deno.test("FakeAddresses gives a name one address of each family, always the same, and knows it again", () => {
  const { fakes } = begin("198.18.0.0/15", "fc00:18::/64");
  const given = fakes.of("www.example");
  assertEquals(given.length, 2);
  assertEquals(fakes.of("www.example"), given);
  assertEquals(
    begin("198.18.0.0/15", "fc00:18::/64").fakes.of("www.example"),
    given,
  );
  assertEquals(
    given.map((text) => fakes.nameOf(address(text))),
    ["www.example", "www.example"],
  );
});

Deno.test("FakeAddresses knows whose it are, and that nobody was given one", () => {
  const { fakes } = begin("198.18.0.0/24");
  assertEquals(fakes.has(address("198.18.0.9")), true);
  assertEquals(fakes.has(address("198.18.1.9")), false);
  assertEquals(fakes.has(address("fc00::1")), false);
  assertEquals(fakes.nameOf(address("198.18.0.9")), undefined);
  assertEquals(fakes.nameOf(address("198.18.0.0")), undefined);
});

Deno.test("FakeAddresses gives no address to two names, and neither the first nor the last of a prefix", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.domain(), { maxLength: 100 }), (names) => {
      const { fakes } = begin("198.18.0.0/24", "fc00::/120");
      for (const name of names) {
        for (const text of fakes.of(name)) {
          const given = address(text);
          assertEquals(fakes.nameOf(given), name);
          assertEquals([0, 255].includes(given.at(-1) ?? 0), false);
        }
      }
    }),
  );
});

Deno.test("FakeAddresses takes the address of the name that has not been used for the longest time, when a prefix is full", async () => {
  const { clock, fakes } = begin("198.18.0.0/28");
  const names = Array.from({ length: 14 }, (_, i) => `n${i}.example`);
  const given = new Map<string, string>();
  for (const name of names) {
    await clock.advance(1);
    given.set(name, fakes.of(name)[0] ?? "");
  }
  assertEquals(new Set(given.values()).size, 14);
  await clock.advance(1);
  // A flow to the oldest keeps it alive.
  fakes.nameOf(address(given.get("n0.example") ?? ""));
  await clock.advance(1);
  assertEquals(fakes.of("new.example"), [given.get("n1.example") ?? ""]);
  assertEquals(
    fakes.nameOf(address(given.get("n1.example") ?? "")),
    "new.example",
  );
});
