import { assertEquals } from "@std/assert";
import { transfer } from "../support/transfer.ts";

const OCTETS = 2 * 1024 * 1024;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/**
 * Goodput of 2 MiB in one direction in Mbit/s of virtual time, the median of nine seeds, with segments of 1448 octets and a
 * link without a rate of its own; the application keeps 64 KiB outstanding, which is the limit without loss. A change that makes a figure worse has to say why; one that makes it better writes it down.
 */
const TABLE: readonly (readonly [rtt: number, loss: number, mbits: number])[] =
  [
    [1, 0, 524.3],
    [10, 0, 49.3],
    [10, 0.01, 16.4],
    [10, 0.02, 11.1],
    [10, 0.05, 5.83],
    [50, 0, 9.87],
    [50, 0.01, 3.32],
    [50, 0.02, 2.27],
    [50, 0.05, 1.41],
    [200, 0, 2.47],
    [200, 0.01, 1.21],
    [200, 0.02, 0.99],
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

Deno.test("67, 68 Goodput over lossy links is what the table says [RFC 5681, RFC 8985]", () => {
  for (const [rtt, loss, mbits] of TABLE) {
    const measured = goodput(rtt, loss);
    const ratio = measured / mbits;
    const what = `${rtt} ms, ${loss}: ${measured} instead of ${mbits}`;
    assertEquals(ratio > 0.95 && ratio < 1.05, true, what);
  }
});
