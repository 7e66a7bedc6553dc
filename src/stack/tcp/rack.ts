import type { Millis } from "../../base/clock.ts";
import type { Flight, SentRange } from "./flight.ts";
import { seqLt } from "./seq.ts";

/** RFC 8985 §6.2 step 4: recoveries for which a wider window is kept after the last duplicate. */
const PERSIST = 16;

/** What the delivery of a range is judged by. */
export interface Arrival {
  readonly now: Millis;
  /** The smallest round trip so far, Infinity before the first. */
  readonly minRtt: Millis;
  /** When the segment left whose timestamp the peer echoes, in whole milliseconds. */
  readonly echoedAt: Millis | undefined;
  /** Not yet after a time-out: what arrives then below something else may have been there all the time. */
  readonly ordered: boolean;
}

/** Loss by time: what left before something that has arrived, and not only just before it, is lost. RFC 8985 §6. */
export class Rack {
  /** When a range in flight is to be taken for lost unless it arrives; Infinity without doubt. */
  deadline: Millis = Infinity;
  /** RACK.xmit_ts, RACK.end_seq: of what left last among that which has arrived. */
  #sentAt: Millis = -Infinity;
  #end = 0;
  /** RACK.rtt */
  #rtt: Millis = 0;
  /** RACK.fack: the end of the last octet that has arrived; undefined before the first. */
  #fack: number | undefined;
  /** RACK.reordering_seen */
  #reordering = false;
  /** RACK.reo_wnd_mult, RACK.reo_wnd_persist */
  #widening = 1;
  #persist = 0;
  /** RACK.dsack_round: SND.NXT when the window was widened last; undefined once that has been acknowledged. */
  #widenedAt: number | undefined;

  /** Octets of `range` up to `end` have arrived. RFC 8985 §6.2, steps 2 and 3. */
  delivered(
    end: number,
    { sentAt, again }: Readonly<SentRange>,
    { now, minRtt, echoedAt, ordered }: Arrival,
  ): void {
    const rtt = now - sentAt;
    if (again) {
      // The ACK may be for the first copy.
      const first = echoedAt !== undefined && echoedAt < Math.floor(sentAt);
      if (first || rtt < minRtt) return;
    }
    if (this.#fack === undefined || seqLt(this.#fack, end)) this.#fack = end;
    else if (ordered && seqLt(end, this.#fack) && !again) {
      this.#reordering = true;
    }
    if (!this.#isSentAfter(sentAt, end)) return;
    this.#sentAt = sentAt;
    this.#end = end;
    this.#rtt = rtt;
  }

  /** A recovery was mistaken. */
  sawReordering(): void {
    this.#reordering = true;
  }

  /** The peer reports a duplicate: less than once per round trip, the window becomes wider. RFC 8985 §6.2 step 4. */
  sawDuplicate(una: number, nxt: number): void {
    if (this.#widenedAt !== undefined && seqLt(una, this.#widenedAt)) return;
    this.#widenedAt = nxt;
    this.#widening++;
    this.#persist = PERSIST;
  }

  /** A recovery has ended. */
  recovered(): void {
    if (this.#persist > 0 && --this.#persist === 0) this.#widening = 1;
  }

  /**
   * RACK.reo_wnd: how much later than its successors a packet may arrive. Zero as long as nothing has been seen out of order
   * and `certain` speaks for a loss: a recovery under way, or as many octets beyond the hole as three duplicates.
   */
  window(minRtt: Millis, srtt: Millis, certain: boolean): Millis {
    if (certain && !this.#reordering) return 0;
    return minRtt === Infinity
      ? 0
      : Math.min(this.#widening * minRtt / 4, Math.max(srtt, 0));
  }

  /** Marks what is lost by now; whether anything is. RFC 8985 §6.2 step 5. */
  detect(flight: Flight, now: Millis, window: Millis): boolean {
    let found = false;
    this.deadline = Infinity;
    for (const range of flight.ranges) {
      if (range.fate !== "in flight") continue;
      if (this.#isSentAfter(range.sentAt, range.right)) continue;
      const lostAt = range.sentAt + this.#rtt + window;
      if (lostAt <= now) {
        flight.lose(range);
        found = true;
      } else {
        this.deadline = Math.min(this.deadline, lostAt);
      }
    }
    return found;
  }

  /** Nothing is in flight that could be lost. */
  rest(): void {
    this.deadline = Infinity;
  }

  /** Whether a range left after the one that left last among those that have arrived. */
  #isSentAfter(sentAt: Millis, end: number): boolean {
    return sentAt > this.#sentAt ||
      (sentAt === this.#sentAt && !seqLt(end, this.#end));
  }
}
