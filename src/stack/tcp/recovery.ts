import type { TcpOptions } from "../../wire/tcp_options.ts";
import { RangeSet } from "./ranges.ts";
import { seqAdd, seqDiff, seqLe, seqLt, seqMax, seqMin } from "./seq.ts";

/** DupThresh, RFC 5681 §3.2. */
const DUPLICATES = 3;

/** A part of the send sequence space. */
export interface Hole {
  left: number;
  right: number;
}

/**
 * Which octets in flight are lost and which to send again: RFC 6675 with SACK, RFC 6582 (NewReno) without, and after a
 * retransmission timeout everything that was in flight then. `una` and `nxt` are SND.UNA and SND.NXT.
 */
export class Recovery {
  #mss: number;
  #phase: "open" | "fast" | "timeout" = "open";
  /** RecoveryPoint: SND.NXT when recovery began. */
  #point = 0;
  /** HighRxt: everything lost below has been sent again. */
  #highRxt = 0;
  /** RFC 6675 §5 (4): once per recovery, the end of what is in flight may be sent again. */
  #rescued = false;
  #duplicates = 0;
  #sacked: RangeSet | undefined;

  constructor(mss: number) {
    this.#mss = mss;
  }

  /** Segments become smaller. */
  shrink(mss: number): void {
    this.#mss = mss;
  }

  isOpen(): boolean {
    return this.#phase === "open";
  }

  /** Whether the window must not grow: a fast recovery is under way. */
  isFast(): boolean {
    return this.#phase === "fast";
  }

  /** Takes the blocks of an acceptable ACK; whether they said anything new. RFC 2018 §5: those that cannot be are ignored. */
  takeSack(options: TcpOptions, una: number, nxt: number): boolean {
    let news = false;
    for (let i = 0; i < options.sackBlocks; i++) {
      const left = options.sack[2 * i] ?? 0;
      const right = options.sack[2 * i + 1] ?? 0;
      const sane = seqLe(una, left) && seqLt(left, right) && seqLe(right, nxt);
      if (!sane || this.#sacked?.covers(left, right)) continue;
      news = (this.#sacked ??= new RangeSet()).add(left, right) || news;
    }
    return news;
  }

  /** An ACK of nothing new that counts as a duplicate. */
  duplicate(): void {
    this.#duplicates++;
  }

  /** SND.UNA advanced to `una`. */
  advance(una: number): void {
    this.#duplicates = 0;
    this.#sacked?.advance(una);
    if (this.#phase === "open") return;
    if (seqLe(this.#point, una)) {
      this.#phase = "open";
    } else {
      this.#highRxt = seqMax(this.#highRxt, una);
    }
  }

  /** Whether the octet at SND.UNA must be taken for lost, outside of a recovery. RFC 6675 §5, steps 1 and 2. */
  detectsLoss(): boolean {
    return this.#phase === "open" &&
      (this.#duplicates >= DUPLICATES || this.#isLostBelow(0));
  }

  /** RFC 6675 §5 (4), RFC 6582 §3.2 (2). */
  enter(una: number, nxt: number): void {
    this.#phase = "fast";
    this.#point = nxt;
    this.#highRxt = una;
    this.#rescued = false;
  }

  /** Everything in flight is lost, and what SACK said is forgotten, for the peer may have reneged. RFC 2018 §8. */
  timeout(una: number, nxt: number): void {
    this.#phase = "timeout";
    this.#point = nxt;
    this.#highRxt = una;
    this.#duplicates = 0;
    this.#sacked?.clear();
  }

  /** Nothing was lost: nothing more is sent again. */
  cancel(): void {
    this.#phase = "open";
    this.#duplicates = 0;
  }

  /** Octets that may be sent beyond the congestion window, because duplicates say that some have left. RFC 3042; SACK says it better. */
  limitedTransmit(): number {
    const silent = this.#phase === "open" && !this.#sacked?.count();
    return silent ? Math.min(this.#duplicates, 2) * this.#mss : 0;
  }

  /** Estimate of the octets in the network. RFC 6675 §4 SetPipe. */
  pipe(una: number, nxt: number): number {
    const flight = seqDiff(nxt, una);
    const ranges = this.#sacked?.count() ?? 0;
    if (this.#phase === "timeout") {
      return seqDiff(this.#highRxt, una) + seqDiff(nxt, this.#point);
    }
    if (ranges === 0) {
      const gone = this.#phase === "fast" ? this.#duplicates * this.#mss : 0;
      return Math.max(0, flight - gone);
    }
    let pipe = 0;
    for (let i = 0; i <= ranges; i++) {
      const { left, right } = this.#gap(i, una, nxt);
      if (!this.#isLostBelow(i)) pipe += seqDiff(right, left);
      if (this.#phase === "fast" && seqLt(left, this.#highRxt)) {
        pipe += seqDiff(seqMin(right, this.#highRxt), left);
      }
    }
    return pipe;
  }

  /** What to send again next, into `hole`; false when there is nothing. RFC 6675 §4 NextSeg (1). */
  nextLost(una: number, hole: Hole): boolean {
    if (this.#phase === "open") return false;
    if (this.#phase === "timeout") return this.#nextGap(una, this.#point, hole);
    const ranges = this.#sacked?.count() ?? 0;
    if (ranges === 0) {
      hole.left = una;
      hole.right = seqMin(seqAdd(una, this.#mss), this.#point);
      return seqLe(this.#highRxt, una);
    }
    for (let i = 0; i < ranges && this.#isLostBelow(i); i++) {
      if (this.#clip(this.#gap(i, una, this.#point), hole)) return true;
    }
    return false;
  }

  /** What to send again when neither a lost octet nor a new one is there to send. RFC 6675 §4 NextSeg (3), (4). */
  nextDoubtful(una: number, hole: Hole): boolean {
    const ranges = this.#sacked?.count() ?? 0;
    if (this.#phase !== "fast" || ranges === 0) return false;
    const highest = this.#sacked?.right(ranges - 1) ?? una;
    if (this.#nextGap(una, highest, hole)) return true;
    if (this.#rescued || !seqLt(highest, this.#point)) return false;
    this.#rescued = true;
    hole.left = seqMax(highest, seqAdd(this.#point, -this.#mss));
    hole.right = this.#point;
    return true;
  }

  /** Everything lost below `right` has been sent again. */
  retransmitted(right: number): void {
    this.#highRxt = seqMax(this.#highRxt, right);
  }

  /** The first octets between HighRxt and `end` that no SACK reported. */
  #nextGap(una: number, end: number, hole: Hole): boolean {
    const ranges = this.#sacked?.count() ?? 0;
    for (let i = 0; i <= ranges; i++) {
      if (this.#clip(this.#gap(i, una, end), hole)) return true;
    }
    return false;
  }

  /** What of `gap` lies above HighRxt; false when nothing does. */
  #clip(gap: Hole, hole: Hole): boolean {
    hole.left = seqMax(gap.left, this.#highRxt);
    hole.right = gap.right;
    return seqLt(hole.left, hole.right);
  }

  /** The octets before range `index` and behind the one before it, within [una, end). */
  #gap(index: number, una: number, end: number): Hole {
    const sacked = this.#sacked;
    const ranges = sacked?.count() ?? 0;
    const left = index === 0 ? una : sacked?.right(index - 1) ?? una;
    const right = index === ranges ? end : sacked?.left(index) ?? end;
    return { left, right: seqMax(left, seqMin(right, end)) };
  }

  /** RFC 6675 §4 IsLost for the octets right before range `index`. */
  #isLostBelow(index: number): boolean {
    const sacked = this.#sacked;
    if (sacked === undefined) return false;
    const ranges = sacked.count() - index;
    if (ranges >= DUPLICATES) return true;
    let octets = 0;
    for (let i = index; i < sacked.count(); i++) {
      octets += seqDiff(sacked.right(i), sacked.left(i));
    }
    return octets > (DUPLICATES - 1) * this.#mss;
  }
}
