import type { Ring } from "./ring.ts";
import { seqAdd, seqDiff, seqLt } from "./seq.ts";

/**
 * Octets that may wait to be sent and acknowledged. Towards a distant peer twice what its congestion window lets out, so that
 * the window is filled while the next round trip's octets are on their way to us. Seven eighths of a power of two: what a writer
 * adds before it stops still fits into a ring of that size.
 */
export const SEND_BOUND = 256 * 1024;
const DISTANT_BOUND = 3584 * 1024;

/** What the application has written and the peer has not acknowledged, FIN included, as a part of the send sequence space. */
export class SendBuffer {
  readonly #ring: Ring;
  /** Sequence number of the first octet in the ring: SND.UNA's, or ISS + 1's before our SYN is acknowledged. */
  #base: number;
  /** Octets in the ring. */
  #queued = 0;
  #finQueued = false;
  /** The sequence number of our FIN once it has been sent. */
  #finSeq: number | undefined;

  constructor(ring: Ring, iss: number) {
    this.#ring = ring;
    this.#base = seqAdd(iss, 1);
  }

  /** Queues octets behind everything queued; false when the memory of all flows is used up. */
  write(octets: Uint8Array): boolean {
    if (!this.#ring.ensure(this.#queued + octets.length)) return false;
    this.#ring.write(this.#queued, octets);
    this.#queued += octets.length;
    return true;
  }

  /** Queues our FIN behind everything written. */
  finish(): void {
    this.#finQueued = true;
  }

  /** Octets that the peer has not acknowledged, sent or not. */
  octets(): number {
    return this.#queued;
  }

  /** So many octets wait that the writer should. `appetite` is what two round trips carry; `ample` says that memory is. */
  isFull(appetite: number, ample: boolean): boolean {
    const most = ample ? DISTANT_BOUND : SEND_BOUND;
    return this.#queued > Math.min(most, Math.max(SEND_BOUND, appetite));
  }

  finQueued(): boolean {
    return this.#finQueued;
  }

  finSent(): boolean {
    return this.#finSeq !== undefined;
  }

  finAcknowledged(una: number): boolean {
    return this.#finSeq !== undefined && seqLt(this.#finSeq, una);
  }

  /** Our FIN leaves, as number `seq`. */
  sentFin(seq: number): void {
    this.#finSeq = seq;
  }

  /** Where our FIN stands, or would. */
  end(): number {
    return this.#finSeq ?? seqAdd(this.#base, this.#queued);
  }

  /** SND.UNA has come to `una`; returns how many octets that acknowledges. */
  acknowledge(una: number): number {
    const octets = Math.min(this.#queued, seqDiff(una, this.#base));
    this.#queued -= octets;
    this.#base = seqAdd(this.#base, octets);
    if (this.#queued === 0) this.#ring.release();
    else this.#ring.drop(octets);
    return octets;
  }

  /** Copies `length` octets from number `seq` on to `at`. */
  copy(seq: number, length: number, into: Uint8Array, at: number): void {
    this.#ring.copy(seqDiff(seq, this.#base), length, into, at);
  }

  /** Nothing will be sent any more. */
  discard(): void {
    this.#queued = 0;
    this.#ring.release();
  }
}
