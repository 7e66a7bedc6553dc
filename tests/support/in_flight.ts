import { assertEquals } from "@std/assert";
import { type Drill, drill, type DrillSegment } from "./drill.ts";

/** A distant peer (50 ms), segments of 1000 octets, ten of them in flight for 50 ms. */
export function inFlight(
  options: { sack: boolean; segments?: number },
): Drill {
  const d = drill("SYN-RECEIVED", {
    syn: { mss: 1000, scale: 7, sackPermitted: options.sack },
  });
  d.now += 50;
  d.in({ seq: 1, ack: 1, window: 60_000 });
  d.write(1000 * (options.segments ?? 10));
  assertEquals(d.emitted.length, options.segments ?? 10);
  d.emitted.length = 0;
  d.now += 50;
  return d;
}

/** An ACK of `ack` with a window that never changes. */
export function ack(
  ack: number,
  sack?: readonly (readonly [number, number])[],
): DrillSegment {
  return { seq: 1, ack, window: 60_000, ...(sack ? { sack } : {}) };
}
