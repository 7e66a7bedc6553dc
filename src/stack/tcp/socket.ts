import type { Millis } from "../../base/clock.ts";
import { type FlowKey, isIpv4 } from "../flow_key.ts";
import type { Timed } from "../timer_queue.ts";
import { AckPolicy } from "./ack_policy.ts";
import type { TcpEvents } from "./events.ts";
import type { TcpHost } from "./host.ts";
import { KeepAlive } from "./keep_alive.ts";
import { type Agreement, ourMss } from "./negotiation.ts";
import { PendingEvents } from "./pending_events.ts";
import { Receiver } from "./rcv.ts";
import { Ring } from "./ring.ts";
import { sendAck, sendProbe, sendSyn, sendText } from "./segment_out.ts";
import { Sender } from "./snd.ts";
import { maySend, type State, type Transition, transition } from "./state.ts";
import { Timestamps } from "./timestamps.ts";

/** A SYN-ACK and its retransmissions after 1, 3, 7 and 15 s have gone unanswered. */
const SYN_RECEIVED_TIMEOUT: Millis = 30_000;

export interface TcpSocketOptions {
  readonly key: FlowKey;
  /** "SYN-RECEIVED" answers a peer's SYN, "SYN-SENT" opens actively. */
  readonly state: "SYN-RECEIVED" | "SYN-SENT";
  readonly iss: number;
  /** Random, for the timestamps of this connection. */
  readonly timestampOffset: number;
  readonly agreement: Agreement;
  /** IRS, 0 in SYN-SENT. */
  readonly irs: number;
}

/** The transmission control block and its verbs. RFC 9293 §3.3.1, §3.9. What arrives is in `arrives.ts`. */
export class TcpSocket implements Timed {
  readonly key: FlowKey;
  readonly host: TcpHost;
  readonly snd: Sender;
  rcv: Receiver;
  readonly acks = new AckPolicy();
  timestamps: Timestamps;
  sackPermitted = false;
  /** RFC 7323 §4.3: Last.ACK.sent */
  lastAckSent = 0;
  /** When the last challenge ACK was sent. RFC 5961 §7. */
  challengedAt: Millis = -Infinity;
  events: TcpEvents | undefined;
  readonly news = new PendingEvents();
  readonly keepAlive = new KeepAlive();
  /** The host has noted it for the next poll. */
  dirty = false;
  deadline: Millis = Infinity;
  queuedAt: Millis = Infinity;
  queueIndex = -1;
  readonly #timestampOffset: number;
  readonly #receiveRing: Ring;
  #state: State;
  #scale = 0;
  /** Our SYN or SYN-ACK is to be sent (again). */
  #synDue = true;
  #probeDue = false;
  #giveUpAt: Millis = Infinity;

  constructor(host: TcpHost, options: TcpSocketOptions) {
    this.host = host;
    this.key = options.key;
    this.#state = options.state;
    this.#timestampOffset = options.timestampOffset;
    this.#receiveRing = new Ring(host.pool);
    const ring = new Ring(host.pool);
    this.snd = new Sender(options.iss, ring, options.agreement);
    this.timestamps = new Timestamps(
      options.agreement.timestamps,
      options.timestampOffset,
    );
    this.rcv = this.#agreeOn(options.agreement, options.irs);
    host.markDirty(this);
  }

  state(): State {
    return this.#state;
  }

  /** Our SYN has not been acknowledged. */
  isOpening(): boolean {
    return this.#state === "SYN-SENT" || this.#state === "SYN-RECEIVED";
  }

  /** Shift that our SYN offers, -1 without scaling. */
  offeredScale(): number {
    return this.#scale;
  }

  /** The MSS that our SYN offers. */
  offeredMss(): number {
    return ourMss(isIpv4(this.key) ? 4 : 6, this.host.output.mtu);
  }

  /** Queues octets; false when the memory of all flows is used up, or nothing may be sent any more. */
  write(octets: Uint8Array): boolean {
    const open = maySend(this.#state) || this.isOpening();
    if (!open || !this.snd.buffer.write(octets)) return false;
    this.host.markDirty(this);
    return true;
  }

  /** So many octets wait that a writer should, until `onWritable` finds that they do no more. */
  isFull(): boolean {
    const { snd, host } = this;
    return snd.buffer.isFull(snd.appetite(), host.pool.isAmple());
  }

  /** Octets written that the peer has not acknowledged. */
  outstanding(): number {
    return this.snd.buffer.octets();
  }

  /** Our FIN leaves behind everything written. */
  closeWrite(): void {
    if (!maySend(this.#state) && !this.isOpening()) return;
    this.snd.buffer.finish();
    this.host.markDirty(this);
  }

  /** Octets that `read` would lend. */
  readable(): number {
    return this.rcv.readable;
  }

  /** The peer's FIN has come, and everything before it has been read. */
  hasEnded(): boolean {
    return this.rcv.finished && this.rcv.readable === 0;
  }

  /** Lends octets that have arrived, in one piece or two; they are gone afterwards, and more may be left. */
  read(take: (octets: Uint8Array) => void): void {
    if (this.rcv.readable === 0) return;
    this.rcv.read(take);
    if (this.#state !== "CLOSED" && this.rcv.wantsWindowUpdate()) {
      this.host.markDirty(this);
    }
  }

  /** Sends RST and forgets everything. RFC 9293 §3.10.5. */
  abort(): void {
    if (this.#state === "CLOSED") return;
    if (this.#state !== "SYN-SENT") this.host.markAborted(this);
    this.rcv.discard();
    this.#close();
  }

  /** Reports what has happened since the last poll. */
  deliver(): void {
    this.news.deliver(this.events);
  }

  /** Sends what may leave. */
  transmit(now: Millis): void {
    if (this.#state === "CLOSED") return;
    if (this.#synDue) {
      this.#synDue = false;
      if (this.#giveUpAt === Infinity && this.#state === "SYN-RECEIVED") {
        this.#giveUpAt = now + SYN_RECEIVED_TIMEOUT;
      }
      sendSyn(this, now);
    } else if (this.#state !== "SYN-SENT") {
      // RFC 2018 §4: what SACK has to say has no room beside octets.
      if (this.acks.due && this.rcv.hasSackBlocks()) sendAck(this, now);
      sendText(this, now);
      if (this.#probeDue) sendProbe(this, now);
      this.#probeDue = false;
      if (this.acks.due || this.rcv.wantsWindowUpdate()) sendAck(this, now);
    }
    if (this.#state === "TIME-WAIT") {
      this.host.enterTimeWait(this, now);
      this.#close();
    } else {
      this.#reschedule(now);
    }
  }

  expire(now: Millis): void {
    if (this.#giveUpAt <= now) {
      this.#close("timeout");
      return;
    }
    if (this.snd.deadline() <= now) {
      const due = this.snd.expire(now);
      if (due === "give up") {
        this.#giveUp();
        return;
      }
      this.#probeDue = due === "probe";
      this.#synDue = due === "syn";
    }
    if (this.#keepAliveAt() <= now) {
      if (!this.keepAlive.mayProbe()) {
        this.#giveUp();
        return;
      }
      this.#probeDue = true;
    }
    if (this.acks.deadline <= now) this.acks.expire();
    this.#reschedule(now);
    this.host.markDirty(this);
  }

  // What follows is for `arrives.ts`.

  change(what: Transition): void {
    this.#state = transition(this.#state, what);
  }

  /** The peer's SYN came after ours. */
  synchronize(agreement: Agreement, irs: number): void {
    this.snd.negotiate(agreement);
    this.timestamps = new Timestamps(
      agreement.timestamps,
      this.#timestampOffset,
    );
    this.rcv = this.#agreeOn(agreement, irs);
  }

  establish(): void {
    this.host.established(this);
    this.change("receive ACK of SYN");
    this.#giveUpAt = Infinity;
    this.news.noteEstablished();
    this.#synDue = false;
  }

  resendSyn(): void {
    this.#synDue = true;
  }

  /** Other connections need its place, and its peer may never have been there: ends without a word. */
  forget(): void {
    this.#close("timeout");
  }

  /** LAST-ACK has ended: both directions are closed and the peer knows. */
  finish(): void {
    this.#close();
  }

  /** The peer has reset the connection. */
  reset(): void {
    this.rcv.discard();
    this.#close("reset");
  }

  #agreeOn(agreement: Agreement, irs: number): Receiver {
    this.#scale = agreement.scale;
    this.sackPermitted = agreement.sack;
    return new Receiver({
      irs,
      scale: Math.max(0, agreement.scale),
      mss: this.offeredMss(),
      sack: agreement.sack,
      ring: this.#receiveRing,
      mayGrow: () => this.host.pool.isAmple(),
      isDistant: () => this.snd.isDistant(),
    });
  }

  /** When the next keep-alive probe is due: only while nothing else would tell that the peer is gone. RFC 9293 §3.8.4. */
  #keepAliveAt(): Millis {
    const waits = this.snd.timer.deadline !== Infinity || this.isOpening();
    return waits ? Infinity : this.keepAlive.deadline();
  }

  #giveUp(): void {
    this.host.markAborted(this);
    this.#close("timeout");
  }

  #close(reason?: "reset" | "timeout"): void {
    this.snd.discard();
    this.#state = "CLOSED";
    this.deadline = Infinity;
    this.host.remove(this);
    this.events?.onClosed(reason);
  }

  #reschedule(now: Millis): void {
    this.deadline = Math.min(
      this.snd.gathersUntil(now),
      this.snd.deadline(),
      this.acks.deadline,
      this.#giveUpAt,
      this.#keepAliveAt(),
    );
    this.host.schedule(this);
  }
}
