/** Octets that everybody may send before it is the next one's turn: a frame of GOST's size. */
const QUANTUM = 32 * 1024;

/** Something of which the next piece can be sent. */
export interface Sender {
  readonly turn: Turn;
  /** Octets of the next piece; 0 where there is none, or it may not be sent now. */
  next(): number;
}

/** A sender's place in the order; made by `newTurn`, and read and written by `Turns` alone. */
export interface Turn {
  credit: number;
  waits: boolean;
}

export function newTurn(): Turn {
  return { credit: 0, waits: false };
}

/**
 * Who sends next: deficit round robin, and whoever has had nothing to send until now comes first, as in RFC 8290 §4.2. So a
 * small message never waits behind what bulk streams have to send.
 */
export class Turns<T extends Sender> {
  readonly #fresh: T[] = [];
  readonly #old: T[] = [];

  /** `sender` has something to send; more than once does no harm. */
  add(sender: T): void {
    const { turn } = sender;
    if (turn.waits) return;
    turn.waits = true;
    turn.credit = QUANTUM;
    this.#fresh.push(sender);
  }

  /** Whose next piece is to be sent now, undefined when nobody has one. */
  take(): T | undefined {
    for (;;) {
      const from = this.#fresh.length > 0 ? this.#fresh : this.#old;
      const [sender] = from;
      if (sender === undefined) return undefined;
      const { turn } = sender;
      const octets = sender.next();
      if (octets > 0 && turn.credit > 0) {
        turn.credit -= octets;
        return sender;
      }
      from.shift();
      if (octets > 0 || from === this.#fresh) {
        // Also one that has nothing more: it must not come first again for having been quick.
        if (octets > 0) turn.credit += QUANTUM;
        this.#old.push(sender);
      } else {
        turn.waits = false;
      }
    }
  }

  /** Forgets everybody. */
  clear(): void {
    this.#fresh.length = 0;
    this.#old.length = 0;
  }
}
