import { FIN, type Segment, segmentLength } from "../../wire/tcp.ts";
import { RangeSet } from "./ranges.ts";
import type { Ring } from "./ring.ts";
import { seqAdd, seqDiff, seqLe, seqLt } from "./seq.ts";

/**
 * Octets that may wait for the application: a limit that starts small and doubles each time the application has taken as
 * much, up to one figure for a peer on this machine or near it and another for a distant one, whose round trips must be filled. A limit
 * is a promise, not memory: the ring grows by need. Seven eighths of a power of two, for `SLACK`.
 */
const FIRST_LIMIT = 224 * 1024;
const LOCAL_LIMIT = 896 * 1024;
const DISTANT_LIMIT = 7 * 1024 * 1024;

/** Octets that one `read` lends: whoever takes them queues them in front of everything else. */
const READ_LIMIT = 256 * 1024;

/** What may wait for the application, as a multiple of the limit, before the window shrinks. */
const SLACK = 8 / 7;

export interface ReceiverOptions {
  /** IRS, the sequence number of the peer's SYN. */
  readonly irs: number;
  /** Shift that our window is sent with; 0 when the peer did not offer scaling. */
  readonly scale: number;
  /** Octets of a full segment of the peer's. */
  readonly mss: number;
  /** The peer understands SACK. */
  readonly sack: boolean;
  readonly ring: Ring;
  /** The memory of all flows has room for larger windows. */
  readonly mayGrow: () => boolean;
  /** The peer is on another network. */
  readonly isDistant: () => boolean;
}

/** What a segment's text did, for the decision when to acknowledge it. RFC 5681 §4.2. */
export type Arrival =
  /** New octets, or FIN, right at RCV.NXT, and no hole behind them. */
  | "in order"
  /** Like that, but a hole was or is there: acknowledge at once. */
  | "around a hole"
  /** Beyond a hole, or nothing that was not there before: acknowledge at once. */
  | "not at RCV.NXT"
  /** Too many holes, or the memory of all flows is used up: the peer sends it again. */
  | "dropped";

/** The receive sequence space. This file alone writes RCV.*. RFC 9293 §3.3.1, figure 4. */
export class Receiver {
  readonly irs: number;
  /** RCV.NXT: everything below has been acknowledged or will be with the next segment. */
  rcvNxt: number;
  /** Octets below RCV.NXT that the application has not taken. */
  readable = 0;
  /** The peer's FIN is below RCV.NXT. */
  finished = false;
  /** RCV.NXT + RCV.WND as the peer knows it. Invariant: it never moves left (RFC 9293 §3.8.6). */
  #edge: number;
  /** The application has taken octets since the window was last sent. */
  #taken = false;
  readonly #options: ReceiverOptions;
  #limit = FIRST_LIMIT;
  /** Octets that the application has taken since the limit was set. */
  #consumed = 0;
  /** What has arrived beyond RCV.NXT; its octets lie in the ring behind the readable ones. */
  #beyond: RangeSet | undefined;
  /** Sequence number of a FIN that waits for a hole to be filled. */
  #finAt: number | undefined;
  /** RFC 2883: the duplicate to report with the next ACK. */
  #duplicateLeft = 0;
  #duplicateRight = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.irs = options.irs;
    this.rcvNxt = seqAdd(options.irs, 1);
    this.#edge = this.rcvNxt;
  }

  /** RFC 9293 §3.10.7.4, first step: the four cases of the acceptability test. */
  isAcceptable(seq: number, length: number): boolean {
    const window = seqDiff(this.#edge, this.rcvNxt);
    if (window === 0) return length === 0 && seq === this.rcvNxt;
    const first = seqDiff(seq, this.rcvNxt);
    if (first >= 0 && first < window) return true;
    const last = first + length - 1;
    return length > 0 && last >= 0 && last < window;
  }

  /** Whether SEG.SEQ lies in the window: what RST and SYN are judged by. */
  isInWindow(seq: number): boolean {
    const offset = seqDiff(seq, this.rcvNxt);
    return offset >= 0 &&
      offset < Math.max(1, seqDiff(this.#edge, this.rcvNxt));
  }

  /** Takes the text and FIN of an acceptable segment; trims what lies outside the window. `octets` is the packet. */
  accept(segment: Segment, octets: Uint8Array): Arrival {
    const { seq, payload, payloadLength } = segment;
    const end = seqAdd(seq, payloadLength);
    const left = seqLt(seq, this.rcvNxt) ? this.rcvNxt : seq;
    const right = seqLt(this.#edge, end) ? this.#edge : end;
    const hadHole = this.#hasHole();
    if (seqLt(seq, left)) {
      this.#report(seq, seqLe(end, left) ? end : left);
    }
    const before = this.rcvNxt;
    if (seqLt(left, right)) {
      const at = payload + seqDiff(left, seq);
      const text = octets.subarray(at, at + seqDiff(right, left));
      if (!this.#store(left, right, text)) return "dropped";
    }
    if (segment.flags & FIN && right === end) this.#finAt = end;
    if (this.#finAt === this.rcvNxt && !this.finished) {
      this.finished = true;
      this.rcvNxt = seqAdd(this.rcvNxt, 1);
      this.#edge = seqLt(this.#edge, this.rcvNxt) ? this.rcvNxt : this.#edge;
    }
    if (this.rcvNxt === before) return "not at RCV.NXT";
    return hadHole || this.#hasHole() ? "around a hole" : "in order";
  }

  /** An unacceptable segment came: reports it when it repeats what was acknowledged. */
  noteDuplicate(segment: Segment): void {
    const length = segmentLength(segment);
    const end = seqAdd(segment.seq, length);
    if (length > 0 && seqLe(end, this.rcvNxt)) this.#report(segment.seq, end);
  }

  /** Lends what is readable, up to a limit; whatever `take` does not keep is gone. */
  read(take: (octets: Uint8Array) => void): void {
    const octets = Math.min(this.readable, READ_LIMIT);
    const { ring } = this.#options;
    ring.lend(octets, take);
    this.readable -= octets;
    this.#taken = true;
    this.#consumed += octets;
    if (this.#consumed >= this.#limit) this.#grow();
    if (this.readable === 0 && !this.#hasHole()) ring.release();
    else ring.drop(octets);
  }

  /** Nobody will read any more: what waits and what has arrived beyond a hole is forgotten. */
  discard(): void {
    this.readable = 0;
    this.#beyond = undefined;
    this.#options.ring.release();
  }

  /**
   * SEG.WND to send now, 65 535 at most. The right edge moves only by an amount worth a segment (RFC 9293 §3.8.6.2.2) and
   * not left: what the shift cuts off is rounded up, each time by less than one unit of it. Only a peer whose small segments
   * add these up beyond `SLACK` sees its window shrink, by less than a unit (RFC 7323 §2.4).
   */
  window(): number {
    this.#taken = false;
    const { scale } = this.#options;
    const unit = (1 << scale) - 1;
    const offer = Math.max(0, this.#offer());
    const most = Math.max(0, this.#limit * SLACK - unit - this.readable);
    const kept = seqDiff(this.#edge, this.rcvNxt);
    const window = offer - kept >= this.#worth()
      ? offer >> scale
      : Math.min(kept + unit, most + unit) >> scale;
    const edge = seqAdd(this.rcvNxt, window << scale);
    if (seqLt(this.#edge, edge)) this.#edge = edge;
    return Math.min(65_535, window);
  }

  /** SEG.WND of a SYN or SYN-ACK, which is never scaled. RFC 7323 §2.2. */
  synWindow(): number {
    const window = Math.min(65_535, this.#limit);
    this.#edge = seqAdd(this.rcvNxt, window);
    return window;
  }

  /** Whether the application has made room that the peer should hear of although nothing else is to be sent. */
  wantsWindowUpdate(): boolean {
    if (this.finished || !this.#taken) return false;
    const window = seqDiff(this.#edge, this.rcvNxt);
    const growth = this.#offer() - window;
    // A quarter of the limit keeps a fast sender going with few updates; below two segments it is waiting for this one.
    return growth >= this.#limit / 4 ||
      (window < 2 * this.#options.mss && growth >= this.#worth());
  }

  /** Whether the next ACK has more to say than RCV.NXT. */
  hasSackBlocks(): boolean {
    return this.#options.sack &&
      (this.#hasHole() || this.#duplicateLeft !== this.#duplicateRight);
  }

  /** The end of what has arrived, holes or not. */
  highest(): number {
    const beyond = this.#beyond;
    if (beyond === undefined || beyond.count() === 0) return this.rcvNxt;
    return beyond.right(beyond.count() - 1);
  }

  /** SACK blocks for the next ACK, a duplicate first (RFC 2883 §4), and returns how many. */
  sackBlocks(edges: Int32Array, most: number): number {
    let blocks = 0;
    if (this.#duplicateLeft !== this.#duplicateRight) {
      edges[0] = this.#duplicateLeft;
      edges[1] = this.#duplicateRight;
      this.#duplicateLeft = this.#duplicateRight;
      blocks = 1;
    }
    if (this.#beyond === undefined) return blocks;
    return blocks + this.#beyond.latest(edges, 2 * blocks, most - blocks);
  }

  #grow(): void {
    const { mayGrow, isDistant } = this.#options;
    this.#consumed = 0;
    const most = isDistant() ? DISTANT_LIMIT : LOCAL_LIMIT;
    if (this.#limit < most && mayGrow()) this.#limit *= 2;
  }

  /** What the window could be; the header has 16 bits for it. */
  #offer(): number {
    const { scale } = this.#options;
    return Math.min(this.#limit - this.readable, 65_535 << scale);
  }

  /** RFC 9293 §3.8.6.2.2: min(Fr · RCV.BUFF, Eff.snd.MSS). */
  #worth(): number {
    return Math.min(this.#limit / 2, this.#options.mss);
  }

  #hasHole(): boolean {
    return this.#beyond !== undefined && this.#beyond.count() > 0;
  }

  #report(left: number, right: number): void {
    this.#duplicateLeft = left;
    this.#duplicateRight = right;
  }

  /** Puts [left, right) into the ring; false when it must be dropped. */
  #store(left: number, right: number, text: Uint8Array): boolean {
    const { ring } = this.#options;
    const offset = this.readable + seqDiff(left, this.rcvNxt);
    if (!ring.ensure(offset + text.length)) return false;
    if (left !== this.rcvNxt || this.#hasHole()) {
      return this.#storeAroundHole(left, right, text);
    }
    ring.write(offset, text);
    this.rcvNxt = right;
    this.readable += text.length;
    return true;
  }

  #storeAroundHole(left: number, right: number, text: Uint8Array): boolean {
    const { ring } = this.#options;
    const beyond = this.#beyond ??= new RangeSet();
    if (beyond.covers(left, right)) this.#report(left, right);
    const base = this.rcvNxt;
    // Octets that arrived first stay: a later copy with other content changes nothing.
    const missing: [number, number][] = [];
    beyond.gaps(left, right, (from, to) => missing.push([from, to]));
    if (!beyond.add(left, right)) return false;
    for (const [from, to] of missing) {
      ring.write(
        this.readable + seqDiff(from, base),
        text.subarray(seqDiff(from, left), seqDiff(to, left)),
      );
    }
    this.rcvNxt = beyond.advance(base);
    this.readable += seqDiff(this.rcvNxt, base);
    return true;
  }
}
