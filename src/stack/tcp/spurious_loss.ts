import type { Millis } from "../../base/clock.ts";
import type { Segment } from "../../wire/tcp.ts";
import { seqDiff, seqLe } from "./seq.ts";

/**
 * Finds out that nothing was lost: what was sent again was late, or its ACK was. By the timestamp that the peer echoes
 * (Eifel, RFC 3522 §3.2), or by its report that everything sent again was a duplicate (DSACK, RFC 3708 §3).
 */
export class SpuriousLoss {
  /** When the first octets of this recovery were sent again; Infinity before, and when nothing is doubted. */
  #sentAgainAt: Millis = Infinity;
  /** Octets sent again that the peer has not reported as duplicates. */
  #octets = 0;

  /** A recovery begins. */
  begin(): void {
    this.#sentAgainAt = Infinity;
    this.#octets = 0;
  }

  sentAgain(octets: number, now: Millis): void {
    this.#sentAgainAt = Math.min(this.#sentAgainAt, now);
    this.#octets += octets;
  }

  /**
   * Reads an acceptable ACK; `advances` tells whether it acknowledges something new, `echoedAt` when the segment left that
   * its timestamp echoes, in whole milliseconds, undefined without one. True once for each recovery.
   */
  detects(
    { ack, options }: Segment,
    advances: boolean,
    echoedAt: Millis | undefined,
  ): boolean {
    if (this.#sentAgainAt === Infinity) return false;
    if (options.sackBlocks > 0) {
      const left = options.sack[0] ?? 0;
      const right = options.sack[1] ?? 0;
      // RFC 2883 §4: a duplicate is what lies below SEG.ACK.
      const octets = seqDiff(right, left);
      if (octets > 0 && seqLe(right, ack)) this.#octets -= octets;
    }
    const late = advances && echoedAt !== undefined &&
      echoedAt < Math.floor(this.#sentAgainAt);
    if (late || this.#octets <= 0) {
      this.begin();
      return true;
    }
    // The first ACK of something new has told: what was sent again was needed. Duplicates alone can prove otherwise now.
    if (advances && echoedAt !== undefined) this.#sentAgainAt = -Infinity;
    return false;
  }
}
