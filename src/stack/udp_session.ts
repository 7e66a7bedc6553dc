import type { Millis } from "../base/clock.ts";
import type { FlowKey } from "./flow_key.ts";
import type { Refusal } from "./icmp_errors.ts";
import type { Timed } from "./timer_queue.ts";

/** What waits for somebody who accepts the session. The newest is dropped. */
const MAX_WAITING = 64;
const MAX_WAITING_OCTETS = 256 * 1024;

/** What a session needs of its stack. */
export interface UdpHost {
  readonly timeout: Millis;
  now(): Millis;
  /** False when it was dropped. */
  send(session: UdpSession, payload: Uint8Array, key: FlowKey): boolean;
  reject(session: UdpSession, refusal: Refusal, first: Uint8Array): void;
  remove(session: UdpSession): void;
  dropped(): void;
}

/** One (address, port) of an application and one destination of its datagrams. Ends when nothing passes for a while. */
export class UdpSession implements Timed {
  readonly key: FlowKey;
  deadline: Millis;
  queuedAt: Millis = Infinity;
  queueIndex = -1;
  /** The session has ended by itself. */
  onClosed: (() => void) | undefined;
  readonly #host: UdpHost;
  #onDatagram: ((payload: Uint8Array) => void) | undefined;
  #waiting: Uint8Array[] = [];
  #waitingOctets = 0;
  #closed = false;

  constructor(host: UdpHost, key: FlowKey) {
    this.#host = host;
    this.key = key.slice();
    this.deadline = host.now() + host.timeout;
  }

  /** The datagram that opened the session, until it is accepted. */
  first(): Uint8Array {
    return this.#waiting[0] ?? new Uint8Array(0);
  }

  /** From now on datagrams go to `onDatagram`, those that have waited first. They are lent until it returns. */
  accept(onDatagram: (payload: Uint8Array) => void): void {
    this.#onDatagram = onDatagram;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const payload of waiting) onDatagram(payload);
  }

  /** Ends the session, if nobody has yet, and answers with an ICMP error, or with nothing. The error quotes the first datagram, or what was its header. */
  reject(refusal: Refusal): void {
    this.#host.reject(this, refusal, this.first());
    this.close();
  }

  /** Sends a datagram to the application; lossy. It comes from the local end of `key`, whose remote one is the application. */
  send(payload: Uint8Array, key: FlowKey = this.key): void {
    if (!this.#host.send(this, payload, key)) this.#host.dropped();
  }

  /** Ends the session without a word. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.onClosed = undefined;
    this.#host.remove(this);
  }

  /** A datagram of the application's has arrived. */
  receive(payload: Uint8Array): void {
    this.refresh();
    if (this.#onDatagram !== undefined) {
      this.#onDatagram(payload);
      return;
    }
    const octets = this.#waitingOctets + payload.length;
    if (this.#waiting.length >= MAX_WAITING || octets > MAX_WAITING_OCTETS) {
      this.#host.dropped();
      return;
    }
    this.#waitingOctets = octets;
    this.#waiting.push(payload.slice());
  }

  expire(): void {
    const { onClosed } = this;
    this.close();
    onClosed?.();
  }

  /** Something has passed: the session lives on. */
  refresh(): void {
    this.deadline = this.#host.now() + this.#host.timeout;
  }
}
