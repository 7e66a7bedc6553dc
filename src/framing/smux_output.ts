import { ProtocolError } from "../base/errors.ts";
import { type ByteStream, READY } from "../flow/stream.ts";
import { type Sender, Turns } from "./turns.ts";

/** Octets of answers that a peer may leave unread: to 8192 frames. */
const ANSWERS_BOUND = 64 * 1024;

/** Something that sends a frame when it is its turn. */
export interface FrameSender extends Sender {
  send(): void;
}

/** A carrier's way out, shared by its streams: what waits, waits with them, and the carrier holds little. */
export class SmuxOutput {
  readonly #carrier: ByteStream;
  readonly #onFailure: (reason: unknown) => void;
  readonly #turns = new Turns<FrameSender>();
  /** The carrier holds as much as it is allowed to. */
  #full = false;
  /** Octets of answers since then. */
  #answers = 0;
  #stopped = false;

  constructor(carrier: ByteStream, onFailure: (reason: unknown) => void) {
    this.#carrier = carrier;
    this.#onFailure = onFailure;
  }

  isFull(): boolean {
    return this.#full;
  }

  /** `sender` has something to send. */
  ready(sender: FrameSender): void {
    this.#turns.add(sender);
    this.#drain();
  }

  /** To be called by a sender in its turn. Copies. */
  write(octets: Uint8Array): void {
    const room = this.#carrier.write(octets);
    if (room === READY || this.#full) return;
    this.#full = true;
    room.then(() => {
      this.#full = false;
      this.#answers = 0;
      this.#drain();
    }, this.#onFailure);
  }

  /** Sends what has no turn, as it is small. A peer that has more answered than it reads is given up. */
  answer(octets: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#full) this.#answers += octets.length;
    if (this.#answers <= ANSWERS_BOUND) this.write(octets);
    else this.#onFailure(new ProtocolError("smux", "It reads no answers"));
  }

  stop(): void {
    this.#stopped = true;
    this.#turns.clear();
  }

  #drain(): void {
    while (!this.#full && !this.#stopped) {
      const sender = this.#turns.take();
      if (sender === undefined) return;
      sender.send();
    }
  }
}
