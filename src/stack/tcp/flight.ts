import type { Millis } from "../../base/clock.ts";
import { seqAdd, seqDiff, seqLe, seqLt, seqMin } from "./seq.ts";

/**
 * Ranges of one connection. With more, a SACK block is ignored and what is sent counts as one with what was sent before it;
 * only what is sent again may still be told apart.
 */
const MAX_RANGES = 256;

/** Octets that left at one time and have met one fate. */
export interface SentRange {
  left: number;
  right: number;
  /** When they left last. */
  sentAt: Millis;
  /** "lost": taken for lost, and not sent again since. */
  fate: "in flight" | "sacked" | "lost";
  /** They have left more than once. */
  again: boolean;
}

/** Told of each part of a range that has reached the peer, up to `end`. */
export type OnDelivered = (end: number, range: Readonly<SentRange>) => void;

/** What lies between SND.UNA and SND.NXT, without gaps and in order: when each octet left, and what is known of it. */
export class Flight {
  readonly ranges: SentRange[] = [];
  /** Octets with that fate. */
  sacked = 0;
  lost = 0;
  readonly #onDelivered: OnDelivered;

  constructor(onDelivered: OnDelivered) {
    this.#onDelivered = onDelivered;
  }

  /**
   * [left, right) leaves at `now`: right behind all that is here, or a part of it again. What leaves within `grain` ms is one
   * range, so that a window of any size is a few dozen of them.
   */
  sent(left: number, right: number, now: Millis, grain: Millis): void {
    const { ranges } = this;
    const last = ranges[ranges.length - 1];
    if (last !== undefined && seqLt(left, last.right)) {
      this.#sentAgain(left, right, now);
      return;
    }
    const joins = last !== undefined && last.fate === "in flight";
    if (joins && !last.again && now - last.sentAt <= grain) {
      last.right = right;
    } else if (joins && ranges.length >= MAX_RANGES) {
      last.right = right;
      last.sentAt = now;
    } else {
      const fate = "in flight";
      ranges.push({ left, right, sentAt: now, fate, again: false });
    }
  }

  /** SND.UNA advances to `una`. */
  advance(una: number): void {
    const { ranges } = this;
    let gone = 0;
    for (const range of ranges) {
      if (!seqLt(range.left, una)) break;
      const end = seqMin(range.right, una);
      this.#count(range, -seqDiff(end, range.left));
      if (range.fate !== "sacked") this.#onDelivered(end, range);
      if (end === range.right) gone++;
      else range.left = end;
    }
    if (gone === 1) ranges.shift();
    else if (gone > 0) ranges.splice(0, gone);
  }

  /** The peer has [left, right); whether that was news. RFC 2018 §5: a block that cannot be is ignored. */
  sack(left: number, right: number): boolean {
    const { ranges } = this;
    const first = ranges[0];
    const last = ranges[ranges.length - 1];
    if (first === undefined || last === undefined) return false;
    const sane = seqLe(first.left, left) && seqLt(left, right) &&
      seqLe(right, last.right);
    if (!sane || ranges.length >= MAX_RANGES) return false;
    const from = this.#cut(left);
    const end = this.#cut(right);
    let news = false;
    for (let i = from; i < end; i++) {
      const range = ranges[i];
      if (range === undefined || range.fate === "sacked") continue;
      this.#turn(range, "sacked");
      this.#onDelivered(range.right, range);
      news = true;
    }
    this.#merge(from, end);
    return news;
  }

  /** Parts that the peer has, with something missing before each. */
  islands(): number {
    let islands = 0;
    for (const { fate } of this.ranges) if (fate === "sacked") islands++;
    return islands;
  }

  /** The end of the last octet that the peer has; undefined when it has none. */
  highestSacked(): number | undefined {
    for (let i = this.ranges.length - 1; i >= 0; i--) {
      const range = this.ranges[i];
      if (range?.fate === "sacked") return range.right;
    }
    return undefined;
  }

  lose(range: SentRange): void {
    this.#turn(range, "lost");
  }

  /** The first octets are lost, unless they have been sent again: `octets` of them at most. */
  loseFirst(octets: number): void {
    const [first] = this.ranges;
    if (first === undefined || first.fate !== "in flight") return;
    const most = Math.min(octets, seqDiff(first.right, first.left));
    this.#cut(seqAdd(first.left, most));
    this.#turn(first, "lost");
  }

  /** Everything is lost, and what SACK said is forgotten. */
  loseAll(): void {
    for (const range of this.ranges) this.#turn(range, "lost");
    this.#merge(0, this.ranges.length);
  }

  /** Nothing was lost after all. */
  recall(): void {
    for (const range of this.ranges) {
      if (range.fate === "lost") this.#turn(range, "in flight");
    }
  }

  /** What is to be sent again first. */
  firstLost(): SentRange | undefined {
    if (this.lost === 0) return undefined;
    for (const range of this.ranges) if (range.fate === "lost") return range;
    return undefined;
  }

  #sentAgain(left: number, right: number, now: Millis): void {
    const from = this.#cut(left);
    const end = this.#cut(right);
    for (let i = from; i < end; i++) {
      const range = this.ranges[i];
      if (range === undefined || range.fate === "sacked") continue;
      this.#turn(range, "in flight");
      range.sentAt = now;
      range.again = true;
    }
    this.#merge(from, end);
  }

  /** Makes a range begin at `seq`, and returns its index; how many ranges there are where `seq` is the end of them. */
  #cut(seq: number): number {
    const { ranges } = this;
    for (let i = 0; i < ranges.length; i++) {
      const range = ranges[i];
      if (range === undefined || seqLe(range.right, seq)) continue;
      if (seqLe(seq, range.left)) return i;
      ranges.splice(i + 1, 0, { ...range, left: seq });
      range.right = seq;
      return i + 1;
    }
    return ranges.length;
  }

  /** Makes one of neighbours that do not differ any more, those before `from` and at `end` included. */
  #merge(from: number, end: number): void {
    const { ranges } = this;
    for (let i = Math.min(end, ranges.length - 1); i >= from; i--) {
      const before = ranges[i - 1];
      const range = ranges[i];
      if (before === undefined || range === undefined) continue;
      if (before.fate !== range.fate) continue;
      const alike = before.sentAt === range.sentAt &&
        before.again === range.again;
      if (range.fate === "in flight" && !alike) continue;
      before.again ||= range.again;
      before.right = range.right;
      ranges.splice(i, 1);
    }
  }

  #turn(range: SentRange, fate: SentRange["fate"]): void {
    const octets = seqDiff(range.right, range.left);
    this.#count(range, -octets);
    range.fate = fate;
    this.#count(range, octets);
  }

  #count({ fate }: SentRange, octets: number): void {
    if (fate === "sacked") this.sacked += octets;
    else if (fate === "lost") this.lost += octets;
  }
}
