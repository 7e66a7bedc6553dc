import type { PendingSyn } from "./pending_syn.ts";
import type { TcpSocket } from "./socket.ts";

/** SYNs without an answer of ours, and SYN-ACKs without one of the peer's. RFC 4987 §3. */
const MAX_HALF_OPEN = 1024;

/** Bounds what SYNs alone can make us keep: the oldest one that nobody has answered makes room, its sender asks again. */
export class HalfOpen {
  /** In order of arrival. */
  readonly #pending = new Set<PendingSyn>();
  /** In SYN-RECEIVED. */
  readonly #answered = new Set<TcpSocket>();

  /** What must go so that one more fits; undefined when nothing need, "full" when nothing can. */
  victim(): PendingSyn | "full" | undefined {
    if (this.#pending.size + this.#answered.size < MAX_HALF_OPEN) return;
    const [oldest] = this.#pending;
    return oldest ?? "full";
  }

  add(syn: PendingSyn): void {
    this.#pending.add(syn);
  }

  /** False when it was not pending any more. */
  delete(syn: PendingSyn): boolean {
    return this.#pending.delete(syn);
  }

  /** `socket` takes the place of `syn`. */
  answer(syn: PendingSyn, socket: TcpSocket): void {
    this.#pending.delete(syn);
    this.#answered.add(socket);
  }

  /** The socket has left SYN-RECEIVED. */
  settle(socket: TcpSocket): void {
    this.#answered.delete(socket);
  }
}
