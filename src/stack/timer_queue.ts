import type { Millis } from "../base/clock.ts";

/** Something with a deadline. The two last fields belong to the queue. */
export interface Timed {
  /** When it wants to be called; may move later at any time without a word to the queue. Infinity: never. */
  deadline: Millis;
  /** Called when the deadline has passed, which is Infinity then. */
  expire(now: Millis): void;
  queuedAt: Millis;
  /** -1 when not queued. */
  queueIndex: number;
}

/**
 * A binary heap of deadlines. Deadlines that move later cost nothing: the entry stays where it is and is put back when its
 * old time comes. That is the retransmission timer's life, which every ACK moves.
 */
export class TimerQueue {
  readonly #heap: Timed[] = [];

  /** When `expire` must next run; too early is possible, too late is not. */
  next(): Millis {
    return this.#heap[0]?.queuedAt ?? Infinity;
  }

  /** To be called whenever a deadline may have come nearer. */
  schedule(timed: Timed): void {
    if (timed.queueIndex < 0) {
      if (timed.deadline === Infinity) return;
      timed.queuedAt = timed.deadline;
      this.#heap.push(timed);
      this.#rise(this.#heap.length - 1, timed);
    } else if (timed.deadline < timed.queuedAt) {
      timed.queuedAt = timed.deadline;
      this.#rise(timed.queueIndex, timed);
    }
  }

  /** What is due first, by its deadline of now. */
  first(): Timed | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.deadline <= first.queuedAt) return first;
      this.remove(first);
      this.schedule(first);
    }
  }

  remove(timed: Timed): void {
    const index = timed.queueIndex;
    if (index < 0) return;
    timed.queueIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timed) return;
    this.#rise(index, last);
    this.#sink(last.queueIndex, last);
  }

  /** Calls everything that is due at `now`. */
  expire(now: Millis): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.queuedAt > now) return;
      this.remove(first);
      if (first.deadline <= now) {
        first.deadline = Infinity;
        first.expire(now);
      }
      this.schedule(first);
    }
  }

  #rise(index: number, timed: Timed): void {
    let at = index;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.#heap[up];
      if (parent === undefined || parent.queuedAt <= timed.queuedAt) break;
      this.#put(at, parent);
      at = up;
    }
    this.#put(at, timed);
  }

  #sink(index: number, timed: Timed): void {
    let at = index;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      const child = left && right && right.queuedAt < left.queuedAt
        ? right
        : left;
      if (child === undefined || child.queuedAt >= timed.queuedAt) break;
      const down = child.queueIndex;
      this.#put(at, child);
      at = down;
    }
    this.#put(at, timed);
  }

  #put(index: number, timed: Timed): void {
    this.#heap[index] = timed;
    timed.queueIndex = index;
  }
}
