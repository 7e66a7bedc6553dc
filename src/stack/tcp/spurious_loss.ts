import type { Millis } from "../../base/clock.ts";
import type { Segment } from "../../wire/tcp.ts";
import { seqDiff, seqLe } from "./seq.ts";

/**
 * Finds out that nothing was lost: what was sent again was late, or its ACK was. By the timestamp that the peer echoes
 * (Eifel, RFC 3522 §3.2), or by its report that everything sent again was a duplicate (DSACK, RFC 3708 §3).
 */
export class SpuriousLoss {
  /** A recovery has begun, or is over, and may have been a mistake. */
  #doubted = false;
  /** When the first octets of this recovery were sent again; Infinity before. */
  #sentAgainAt: Millis = Infinity;
  /** Octets sent again that the peer has not reported as duplicates. */
  #octets = 0;

  /** A recovery begins. */
  begin(): void {
    this.#doubted = true;
    this.#sentAgainAt = Infinity;
    this.#octets = 0;
  }

  /** Octets leave again, as a probe of the tail too: the peer's reports do not tell them apart. */
  sentAgain(octets: number, now: Millis): void {
    this.#sentAgainAt = Math.min(this.#sentAgainAt, now);
    this.#octets += octets;
  }

  /**
   * Reads an acceptable ACK; `advances` tells whether it acknowledges something new, `echoedAt` when the segment left that
   * its timestamp echoes, in whole milliseconds, undefined without one. True once for each recovery.
   */
  detects(
    segment: Segment,
    advances: boolean,
    echoedAt: Millis | undefined,
  ): boolean {
    if (!this.#doubted || this.#sentAgainAt === Infinity) return false;
    this.#octets -= duplicateOctets(segment);
    const late = advances && echoedAt !== undefined &&
      echoedAt < Math.floor(this.#sentAgainAt);
    if (late || this.#octets <= 0) {
      this.#doubted = false;
      return true;
    }
    // The first ACK of something new has told: what was sent again was needed. Duplicates alone can prove otherwise now.
    if (advances && echoedAt !== undefined) this.#sentAgainAt = -Infinity;
    return false;
  }
}

/** Octets that the peer reports to have got twice: what its first block holds below SEG.ACK. RFC 2883 §4. */
export function duplicateOctets({ ack, options }: Segment): number {
  if (options.sackBlocks === 0) return 0;
  const left = options.sack[0] ?? 0;
  const right = options.sack[1] ?? 0;
  return seqLe(right, ack) ? Math.max(0, seqDiff(right, left)) : 0;
}
