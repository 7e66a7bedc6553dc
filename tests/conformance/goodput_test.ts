import { assertEquals } from "@std/assert";
import { transfer } from "../support/transfer.ts";

const OCTETS = 2 * 1024 * 1024;
const SEEDS = [1, 2, 3, 4, 5];

/**
 * Goodput of 2 MiB in one direction in Mbit/s of virtual time, the median of five seeds, with segments of 1448 octets and a
 * link without a rate of its own; the application keeps 64 KiB outstanding, which is the limit without loss. A change that makes a figure worse has to say why; one that makes it better writes it down.
 */
const TABLE: readonly (readonly [rtt: number, loss: number, mbits: number])[] =
  [
    [1, 0, 524.3],
    [10, 0, 49.3],
    [10, 0.01, 12.5],
    [10, 0.02, 5.18],
    [10, 0.05, 1.89],
    [50, 0, 9.87],
    [50, 0.01, 2.52],
    [50, 0.02, 1.5],
    [50, 0.05, 0.746],
    [200, 0, 2.47],
    [200, 0.01, 0.74],
    [200, 0.02, 0.53],
  ];

function goodput(rtt: number, loss: number): number {
  const all = SEEDS.map((seed) => {
    const latency = rtt / 2;
    const result = transfer({ seed, latency, loss }, [OCTETS, 0]);
    assertEquals(result.read, [0, OCTETS]);
    return 8 * OCTETS / 1000 / result.millis;
  });
  return all.sort((a, b) => a - b)[SEEDS.length >> 1] ?? 0;
}

Deno.test("67, 68 Goodput over lossy links is what the table says [RFC 5681, RFC 6675]", () => {
  for (const [rtt, loss, mbits] of TABLE) {
    const measured = goodput(rtt, loss);
    const ratio = measured / mbits;
    const what = `${rtt} ms, ${loss}: ${measured} instead of ${mbits}`;
    assertEquals(ratio > 0.95 && ratio < 1.05, true, what);
  }
});
