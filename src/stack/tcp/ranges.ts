import { seqLe, seqLt, seqMax, seqMin } from "./seq.ts";

/** With more, the newest is refused: memory and time per segment stay bounded. */
export const MAX_RANGES = 64;

/**
 * Sequence ranges [left, right), disjoint, not adjacent and ordered. The receiver keeps what has arrived beyond RCV.NXT in
 * one, the sender what its peer has reported by SACK in another.
 */
export class RangeSet {
  #count = 0;
  readonly #left = new Int32Array(MAX_RANGES);
  readonly #right = new Int32Array(MAX_RANGES);
  /** When a range last grew: RFC 2018 §4 reports the latest first. */
  readonly #stamp = new Int32Array(MAX_RANGES);
  #clock = 0;

  count(): number {
    return this.#count;
  }

  left(index: number): number {
    return this.#left[index] ?? 0;
  }

  right(index: number): number {
    return this.#right[index] ?? 0;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Adds [left, right), merging what it touches; false when there are too many ranges. */
  add(left: number, right: number): boolean {
    let first = 0;
    while (first < this.#count && seqLt(this.right(first), left)) first++;
    let end = first;
    while (end < this.#count && seqLe(this.left(end), right)) end++;
    if (first === end && this.#count === MAX_RANGES) return false;
    const from = end > first ? seqMin(left, this.left(first)) : left;
    const to = end > first ? seqMax(right, this.right(end - 1)) : right;
    this.#close(first + 1, end);
    this.#left[first] = from;
    this.#right[first] = to;
    this.#stamp[first] = ++this.#clock;
    return true;
  }

  /** Whether one range holds all of [left, right). */
  covers(left: number, right: number): boolean {
    for (let i = 0; i < this.#count; i++) {
      if (seqLe(this.left(i), left) && seqLe(right, this.right(i))) return true;
    }
    return false;
  }

  /** Calls `visit` with each part of [left, right) that no range holds. */
  gaps(
    left: number,
    right: number,
    visit: (left: number, right: number) => void,
  ): void {
    let from = left;
    for (let i = 0; i < this.#count && seqLt(from, right); i++) {
      const to = seqMin(this.left(i), right);
      if (seqLt(from, to)) visit(from, to);
      from = seqMax(from, this.right(i));
    }
    if (seqLt(from, right)) visit(from, right);
  }

  /** Drops what lies below `seq` and the range that begins or stands there; returns where that one ends, else `seq`. */
  advance(seq: number): number {
    let next = seq;
    let gone = 0;
    while (gone < this.#count && seqLe(this.left(gone), next)) {
      next = seqMax(next, this.right(gone));
      gone++;
    }
    this.#close(0, gone);
    return next;
  }

  /** Writes up to `blocks` ranges to `edges` from index `at` on, latest first, and returns how many. RFC 2018 §4. */
  latest(edges: Int32Array, at: number, blocks: number): number {
    let before = this.#clock + 1;
    let written = 0;
    for (; written < blocks; written++) {
      const index = this.#latestBefore(before);
      if (index < 0) break;
      before = this.#stamp[index] ?? 0;
      edges[at + 2 * written] = this.left(index);
      edges[at + 2 * written + 1] = this.right(index);
    }
    return written;
  }

  #latestBefore(before: number): number {
    let latest = -1;
    let best = 0;
    for (let i = 0; i < this.#count; i++) {
      const stamp = this.#stamp[i] ?? 0;
      if (stamp < before && stamp > best) {
        latest = i;
        best = stamp;
      }
    }
    return latest;
  }

  /** Moves the ranges from `end` on to `first`, which makes room where `first` is the larger. */
  #close(first: number, end: number): void {
    if (first === end) return;
    this.#left.copyWithin(first, end, this.#count);
    this.#right.copyWithin(first, end, this.#count);
    this.#stamp.copyWithin(first, end, this.#count);
    this.#count += first - end;
  }
}
