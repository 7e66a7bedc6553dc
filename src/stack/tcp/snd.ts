import type { Millis } from "../../base/clock.ts";
import { type Segment, SYN } from "../../wire/tcp.ts";
import { Congestion, LOCAL_RTT } from "./congestion.ts";
import { type SendSizes, superPacket } from "./negotiation.ts";
import { type Hole, Recovery } from "./recovery.ts";
import type { Ring } from "./ring.ts";
import { SendWindow } from "./send_window.ts";
import { SpuriousLoss } from "./spurious_loss.ts";
import { SendTimer } from "./send_timer.ts";
import { seqAdd, seqDiff, seqLe, seqLt, seqMax, seqMin } from "./seq.ts";

/** What to send next. One record is filled again and again. */
export interface Plan {
  seq: number;
  /** Payload octets. */
  length: number;
  fin: boolean;
  push: boolean;
}

/** A payload of this many octets is part of a bulk transfer. */
const BULK = 32 * 1024;
/**
 * So long at most octets wait behind a burst until they are one themselves. Without it each 64 KiB of a socket leave as a burst
 * and a rest, and both are acknowledged: twice the system calls.
 */
const GATHERING: Millis = 1;

/** The send sequence space. This file alone writes SND.*. RFC 9293 §3.3.1, figure 3. */
export class Sender {
  readonly iss: number;
  /** Invariant: SND.UNA ≤ SND.NXT. */
  sndUna: number;
  sndNxt: number;
  readonly window = new SendWindow();
  readonly timer = new SendTimer();
  readonly #ring: Ring;
  #sizes: SendSizes;
  #congestion: Congestion;
  #recovery: Recovery;
  readonly #spurious = new SpuriousLoss();
  /** Octets in the ring: the first is SND.UNA's, or ISS + 1's before our SYN is acknowledged. */
  #queued = 0;
  #finQueued = false;
  /** The sequence number of our FIN once it has been sent. */
  #finSeq: number | undefined;
  #lastSentAt: Millis = Infinity;
  /** Until when less than a burst waits for more, as long as something is in flight whose ACK would let it go. */
  #gathersUntil: Millis = -Infinity;
  /** One segment may leave although it is a silly one. RFC 9293 §3.8.6.2.1 (override). */
  #override = false;
  readonly #hole: Hole = { left: 0, right: 0 };

  constructor(iss: number, ring: Ring, sizes: SendSizes) {
    this.iss = iss;
    this.sndUna = iss;
    this.sndNxt = iss;
    this.#ring = ring;
    this.#sizes = sizes;
    this.#congestion = new Congestion(sizes.mss);
    this.#recovery = new Recovery(sizes.mss);
  }

  /** The peer's SYN came after ours: only now the sizes are known. */
  negotiate(sizes: SendSizes): void {
    this.#sizes = sizes;
    this.#congestion = new Congestion(sizes.mss);
    this.#recovery = new Recovery(sizes.mss);
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

  /** Octets the peer has not acknowledged, sent or not. */
  outstanding(): number {
    return this.#queued;
  }

  /** The peer is not on this machine, as far as its round trips tell. */
  isDistant(): boolean {
    return this.timer.rtt.min !== Infinity && this.timer.rtt.min > LOCAL_RTT;
  }

  /** Eff.snd.MSS */
  mss(): number {
    return this.#sizes.mss;
  }

  /** Whether `seq` is the number of an octet, or SYN or FIN, that the peer has not acknowledged. */
  isInFlight(seq: number): boolean {
    return seqLe(this.sndUna, seq) && seqLt(seq, this.sndNxt);
  }

  /** Segments become smaller, and what is in flight is sent again: no congestion has lost it. False when they are small already. */
  shrink(mss: number): boolean {
    const { burst, scale, mss: before } = this.#sizes;
    if (mss >= before) return false;
    this.#sizes = {
      scale,
      mss,
      burst: burst > before ? superPacket(mss) : mss,
    };
    this.#congestion.shrink(mss);
    this.#recovery.shrink(mss);
    this.#recovery.timeout(this.sndUna, this.sndNxt);
    this.timer.rtt.forget();
    return true;
  }

  finSent(): boolean {
    return this.#finSeq !== undefined;
  }

  finAcknowledged(): boolean {
    return this.#finSeq !== undefined && seqLt(this.#finSeq, this.sndUna);
  }

  /** Our SYN or SYN-ACK leaves (again). */
  sentSyn(now: Millis): void {
    if (this.sndNxt === this.iss) {
      this.sndNxt = seqAdd(this.iss, 1);
      this.timer.rtt.start(this.iss, now);
    } else {
      this.timer.rtt.forget();
    }
    this.timer.start(now);
  }

  /** SEG.ACK is acceptable: SND.UNA ≤ SEG.ACK ≤ SND.NXT. RFC 9293 §3.10.7.4, fifth step. */
  acknowledge(
    segment: Segment,
    now: Millis,
    echoedAt: Millis | undefined,
  ): void {
    this.timer.answered();
    const flight = seqDiff(this.sndNxt, this.sndUna);
    const acked = seqDiff(segment.ack, this.sndUna);
    // RFC 7323 §2.2: the window of a SYN is never scaled.
    const scale = segment.flags & SYN ? 0 : this.#sizes.scale;
    const window = segment.window << scale;
    const sameWindow = window === this.window.octets;
    if (this.#spurious.detects(segment, acked > 0, echoedAt)) {
      this.#recovery.cancel();
      this.#congestion.undo();
    }
    const news = this.#recovery.takeSack(
      segment.options,
      segment.ack,
      this.sndNxt,
    );
    if (acked > 0) {
      this.#advance(segment.ack, acked, now, echoedAt);
    } else if (
      // RFC 5681 §2: what a duplicate ACK is; RFC 6675 §2 with SACK.
      flight > 0 && (news || (segment.payloadLength === 0 && sameWindow))
    ) {
      this.#recovery.duplicate();
    }
    if (flight > 0 && this.#recovery.detectsLoss()) {
      this.#congestion.remember();
      this.#spurious.begin();
      this.#congestion.loss(seqDiff(this.sndNxt, this.sndUna));
      this.#recovery.enter(this.sndUna, this.sndNxt);
    }
    if (this.window.update(segment, window)) this.timer.open();
  }

  /** Fills `plan` with what to send at `now`; false when nothing may leave. */
  next(plan: Plan, now: Millis): boolean {
    const idle = this.sndUna === this.sndNxt;
    if (idle && now - this.#lastSentAt > this.timer.rtt.rto()) {
      this.#congestion.restart();
    }
    const room = seqDiff(seqAdd(this.sndUna, this.window.octets), this.sndNxt);
    const congested = this.#congestion.window() +
      this.#recovery.limitedTransmit() -
      this.#recovery.pipe(this.sndUna, this.sndNxt);
    return this.#planLost(plan, congested) ||
      this.#planNew(plan, Math.min(room, congested), now) ||
      (congested >= this.#sizes.mss && this.#planDoubtful(plan));
  }

  /** What `next` planned has left. */
  sent(plan: Plan, now: Millis): void {
    const end = seqAdd(plan.seq, plan.length + (plan.fin ? 1 : 0));
    if (seqLt(plan.seq, this.sndNxt)) {
      this.#recovery.retransmitted(end);
      this.#spurious.sentAgain(seqDiff(end, plan.seq), now);
      this.timer.rtt.forget();
    } else {
      this.timer.rtt.start(plan.seq, now);
    }
    if (plan.fin) this.#finSeq = seqAdd(plan.seq, plan.length);
    this.sndNxt = seqMax(this.sndNxt, end);
    this.#override = false;
    this.#lastSentAt = now;
    if (plan.length >= BULK) this.#gathersUntil = now + GATHERING;
    if (this.timer.probing) this.timer.restart(now);
    else this.timer.start(now);
  }

  /** Nothing (more) may leave now: probes where the window is the reason. */
  settle(now: Millis): void {
    const waits = this.#unsent() > 0 || (this.#finQueued && !this.finSent());
    const idle = this.sndUna === this.sndNxt;
    if (waits && idle && this.timer.deadline === Infinity) {
      this.timer.probe(now);
    }
  }

  /**
   * The timer's deadline has passed. "probe": a segment without octets is due that makes the peer tell its window;
   * "retransmit": `next` has something, or the SYN is due again; "give up": the peer has been silent for too long.
   */
  expire(now: Millis): "probe" | "retransmit" | "give up" {
    const { timer } = this;
    if (timer.hasGivenUp(now)) return "give up";
    const synchronized = this.sndUna !== this.iss;
    if (timer.probing || (synchronized && this.window.octets === 0)) {
      this.#override = this.window.octets > 0;
      timer.probe(now);
      return this.#override ? "retransmit" : "probe";
    }
    timer.rtt.backOff();
    timer.rtt.forget();
    if (synchronized) {
      if (this.#recovery.isOpen()) this.#congestion.remember();
      this.#spurious.begin();
      this.#congestion.timeout(seqDiff(this.sndNxt, this.sndUna));
      this.#recovery.timeout(this.sndUna, this.sndNxt);
    }
    timer.restart(now);
    return "retransmit";
  }

  /** Copies the payload of `plan` to `at`. */
  copy(plan: Plan, into: Uint8Array, at: number): void {
    const offset = seqDiff(plan.seq, this.#base());
    this.#ring.copy(offset, plan.length, into, at);
  }

  /** Where a RST stands: behind everything the peer can accept. */
  resetSeq(): number {
    const edge = seqAdd(this.sndUna, this.window.octets);
    return this.window.octets > 0 ? seqMin(this.sndNxt, edge) : this.sndNxt;
  }

  /** Nothing will be sent any more. */
  discard(): void {
    this.#queued = 0;
    this.timer.stop();
    this.#ring.release();
  }

  /** Sequence number of the ring's first octet. */
  #base(): number {
    return this.sndUna === this.iss ? seqAdd(this.iss, 1) : this.sndUna;
  }

  /** Where our FIN stands, or would. */
  #dataEnd(): number {
    return this.#finSeq ?? seqAdd(this.#base(), this.#queued);
  }

  #unsent(): number {
    return Math.max(0, seqDiff(this.#dataEnd(), this.sndNxt));
  }

  #advance(
    ack: number,
    acked: number,
    now: Millis,
    echoedAt: Millis | undefined,
  ): void {
    const limited = this.#congestion.window() - this.#sizes.mss <=
      seqDiff(this.sndNxt, this.sndUna);
    const octets = Math.min(
      this.#queued,
      this.sndUna === this.iss ? acked - 1 : acked,
    );
    this.#queued -= octets;
    if (this.#queued === 0) this.#ring.release();
    else this.#ring.drop(octets);
    this.sndUna = ack;
    this.timer.rtt.acknowledge(ack, now, echoedAt);
    this.#congestion.observe(this.timer.rtt.min);
    if (!this.#recovery.isFast()) this.#congestion.acked(octets, limited);
    this.#recovery.advance(ack);
    // RFC 6298 §5.2, §5.3.
    if (this.sndUna === this.sndNxt) this.timer.stop();
    else this.timer.restart(now);
  }

  #planLost(plan: Plan, congested: number): boolean {
    // RFC 6675 §5 (4.3): the first one leaves whatever the estimate of the pipe says.
    if (
      this.#recovery.isOpen() ||
      !this.#recovery.nextLost(this.sndUna, this.#hole)
    ) {
      return false;
    }
    if (congested < this.#sizes.mss && this.#hole.left !== this.sndUna) {
      return false;
    }
    return this.#planHole(plan);
  }

  #planDoubtful(plan: Plan): boolean {
    return this.#recovery.nextDoubtful(this.sndUna, this.#hole) &&
      this.#planHole(plan);
  }

  /** Sends again what lies in the hole, within the window that the peer may have shrunk. */
  #planHole(plan: Plan): boolean {
    const { left, right } = this.#hole;
    const edge = seqAdd(this.sndUna, this.window.octets);
    const dataEnd = this.#dataEnd();
    const end = seqMin(seqMin(right, dataEnd), edge);
    plan.seq = left;
    plan.length = Math.max(
      0,
      Math.min(this.#sizes.burst, seqDiff(end, left)),
    );
    plan.fin = this.finSent() && seqAdd(left, plan.length) === dataEnd &&
      seqLt(dataEnd, right);
    plan.push = true;
    return plan.length > 0 || plan.fin;
  }

  /** Octets wait to become a burst: when they must leave at the latest, Infinity otherwise. */
  gathersUntil(now: Millis): Millis {
    const waits = now < this.#gathersUntil && this.#gathers(this.#unsent());
    return waits ? this.#gathersUntil : Infinity;
  }

  #gathers(unsent: number): boolean {
    return unsent > 0 && unsent < BULK && !this.#finQueued &&
      this.sndUna !== this.sndNxt;
  }

  #planNew(plan: Plan, room: number, now: Millis): boolean {
    if (this.sndUna === this.iss) return false;
    const unsent = this.#unsent();
    if (now < this.#gathersUntil && this.#gathers(unsent)) return false;
    const { mss, burst } = this.#sizes;
    let length = Math.max(0, Math.min(unsent, room, burst));
    if (length < unsent) {
      // RFC 9293 §3.8.6.2.1: whole segments, or half of the largest window seen, or nothing yet.
      if (length >= mss) length -= length % mss;
      else if (length < this.window.max / 2 && !this.#override) return false;
    }
    plan.seq = this.sndNxt;
    plan.length = length;
    plan.fin = this.#finQueued && !this.finSent() && length === unsent &&
      room > length;
    plan.push = length === unsent;
    return length > 0 || plan.fin;
  }
}
