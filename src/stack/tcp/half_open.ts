import type { Millis } from "../../base/clock.ts";
import { remoteHash } from "../flow_key.ts";
import type { PendingSyn } from "./pending_syn.ts";
import type { TcpSocket } from "./socket.ts";

/** SYNs that the application has been asked about at the same time. Each may cost it a socket. */
const MAX_DIALS = 256;

/** SYNs that wait until it can be asked. RFC 4987 §3: beyond, the oldest is forgotten, for its sender asks again. */
const MAX_WAITING = 2048;

/** No source takes more of them, so that one cannot push out all others. Sources share this many counters. */
const MAX_WAITING_PER_SOURCE = 1024;
const SOURCES = 256;

/** SYN-ACKs that nobody has answered. Beyond, the oldest connection is forgotten. */
const MAX_ANSWERED = 1024;

/** Whoever has not been answered for so long gives up its place when another SYN needs one. */
const DIAL_PATIENCE: Millis = 2000;

/** By then the sender of a SYN that waits has given up or asked again. */
const WAITING_TIMEOUT: Millis = 30_000;

export interface HalfOpenListener {
  /** The application is to be asked. */
  dial(syn: PendingSyn): void;
  /** The SYN has lost its place; it is in none of the lists any more. */
  cancel(syn: PendingSyn): void;
  /** The socket has lost its place while in SYN-RECEIVED. */
  evict(socket: TcpSocket): void;
}

/** Bounds what SYNs alone can make us keep and do. A SYN that comes after a flood of others is the first to be served. */
export class HalfOpen {
  readonly #listener: HalfOpenListener;
  /** In order of their dials. */
  readonly #dialing = new Set<PendingSyn>();
  /** The latest, and those whose senders asked again, are last; they are served first. */
  readonly #waiting: PendingSyn[] = [];
  readonly #waitingOf = new Uint16Array(SOURCES);
  /** In SYN-RECEIVED, the oldest first. */
  readonly #answered = new Set<TcpSocket>();
  #serving = false;

  constructor(listener: HalfOpenListener) {
    this.#listener = listener;
  }

  add(syn: PendingSyn, now: Millis): void {
    const source = sourceOf(syn);
    if (this.#waitingOf[source] === MAX_WAITING_PER_SOURCE) {
      this.#drop(
        this.#waiting.findIndex((other) => sourceOf(other) === source),
      );
    } else if (this.#waiting.length === MAX_WAITING) {
      this.#drop(0);
    }
    this.#push(syn);
    this.#serve(now);
  }

  /** A copy of `syn` has come: its sender still waits. */
  refresh(syn: PendingSyn, now: Millis): void {
    const index = this.#waiting.indexOf(syn);
    if (index < 0) return;
    this.#remove(index);
    this.#push(syn);
    this.#serve(now);
  }

  /** False when it was not pending any more. */
  delete(syn: PendingSyn, now: Millis): boolean {
    const index = this.#waiting.indexOf(syn);
    if (index >= 0) {
      this.#remove(index);
      return true;
    }
    if (!this.#dialing.delete(syn)) return false;
    this.#serve(now);
    return true;
  }

  /** `socket` takes the place of `syn`. */
  answer(syn: PendingSyn, socket: TcpSocket, now: Millis): void {
    this.delete(syn, now);
    const [oldest] = this.#answered;
    if (oldest !== undefined && this.#answered.size === MAX_ANSWERED) {
      this.#listener.evict(oldest);
    }
    this.#answered.add(socket);
  }

  /** The socket has left SYN-RECEIVED. */
  settle(socket: TcpSocket): void {
    this.#answered.delete(socket);
  }

  /** Has the application asked about as many as may be. It may answer at once, which calls this again. */
  #serve(now: Millis): void {
    if (this.#serving) return;
    this.#serving = true;
    while (this.#waiting.length > 0 && this.#hasPlace(now)) {
      const syn = this.#remove(this.#waiting.length - 1);
      if (syn === undefined) break;
      if (now - syn.arrivedAt > WAITING_TIMEOUT) {
        this.#listener.cancel(syn);
      } else {
        syn.arrivedAt = now;
        this.#dialing.add(syn);
        this.#listener.dial(syn);
      }
    }
    this.#serving = false;
  }

  #hasPlace(now: Millis): boolean {
    if (this.#dialing.size < MAX_DIALS) return true;
    const [oldest] = this.#dialing;
    if (oldest === undefined || now - oldest.arrivedAt < DIAL_PATIENCE) {
      return false;
    }
    this.#dialing.delete(oldest);
    this.#listener.cancel(oldest);
    return true;
  }

  #push(syn: PendingSyn): void {
    const source = sourceOf(syn);
    this.#waitingOf[source] = (this.#waitingOf[source] ?? 0) + 1;
    this.#waiting.push(syn);
  }

  #drop(index: number): void {
    const syn = this.#remove(index);
    if (syn !== undefined) this.#listener.cancel(syn);
  }

  #remove(index: number): PendingSyn | undefined {
    const [syn] = this.#waiting.splice(index, 1);
    if (syn === undefined) return undefined;
    const source = sourceOf(syn);
    this.#waitingOf[source] = (this.#waitingOf[source] ?? 0) - 1;
    return syn;
  }
}

function sourceOf(syn: PendingSyn): number {
  return remoteHash(syn.key) & (SOURCES - 1);
}
