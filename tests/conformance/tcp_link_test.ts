import { assertEquals } from "@std/assert";
import { OFFLOAD } from "../support/drill.ts";
import { transfer } from "../support/transfer.ts";
import type { LinkOptions } from "../support/link.ts";

const IN_ORDER = ["closed in order", "closed in order"];

Deno.test("Two stacks move every octet both ways over a perfect link", () => {
  for (const offload of [undefined, OFFLOAD]) {
    const result = transfer(
      { seed: 1, ...(offload ? { offload } : {}) },
      [300_000, 1_000_000],
    );
    assertEquals(result.states, IN_ORDER);
    assertEquals(result.read, [1_000_000, 300_000]);
  }
});

Deno.test("Two stacks move every octet, once and in order, over links that lose, copy, overtake and spoil packets", () => {
  const kinds: Omit<LinkOptions, "seed">[] = [
    { loss: 0.01, latency: 5 },
    { loss: 0.05, latency: 5, jitter: 3 },
    { loss: 0.2, latency: 1 },
    { duplicate: 0.2, jitter: 20, latency: 1 },
    { corrupt: 0.05, latency: 1 },
    { loss: 0.03, duplicate: 0.03, corrupt: 0.01, jitter: 10, latency: 20 },
    { loss: 0.02, latency: 1, offload: OFFLOAD },
    { loss: 0.02, latency: 1, mtu: 576 },
  ];
  for (const [i, kind] of kinds.entries()) {
    for (let seed = 1; seed <= 5; seed++) {
      const options = { ...kind, seed: 100 * i + seed };
      const result = transfer(options, [120_000, 60_000]);
      assertEquals(result.states, IN_ORDER, JSON.stringify(options));
      assertEquals(result.read, [60_000, 120_000], JSON.stringify(options));
    }
  }
});

Deno.test("A transfer in one direction ends in order though the other has nothing to say", () => {
  const result = transfer({ seed: 9, loss: 0.1, latency: 2 }, [0, 50_000]);
  assertEquals(result.read, [50_000, 0]);
  assertEquals(result.states, IN_ORDER);
});

Deno.test("A lost segment costs a recovery, not a time-out: 1 MB over 20 ms with 1 % loss takes less than 6 s", () => {
  const result = transfer({ seed: 3, loss: 0.01, latency: 10 }, [1_000_000, 0]);
  assertEquals(result.read, [0, 1_000_000]);
  assertEquals(result.millis < 6000, true, `${result.millis} ms`);
});
