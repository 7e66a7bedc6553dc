import type { Millis } from "../../base/clock.ts";
import { type Segment, SYN } from "../../wire/tcp.ts";
import { Gathering } from "./gathering.ts";
import { LossResponse } from "./loss_response.ts";
import { type Agreement, type SendSizes, superPacket } from "./negotiation.ts";
import type { Hole } from "./recovery.ts";
import type { Ring } from "./ring.ts";
import { SendBuffer } from "./send_buffer.ts";
import { SendTimer } from "./send_timer.ts";
import { SendWindow } from "./send_window.ts";
import { seqAdd, seqDiff, seqLe, seqLt, seqMax, seqMin } from "./seq.ts";

/** Beyond it a window of a few hundred KiB would not fill a fast path. A loaded machine's own answers stay below. */
const DISTANT_RTT: Millis = 10;

/** What to send next. One record is filled again and again. */
export interface Plan {
  seq: number;
  /** Payload octets. */
  length: number;
  fin: boolean;
  push: boolean;
}

/** The send sequence space. This file alone writes SND.*. RFC 9293 §3.3.1, figure 3. */
export class Sender {
  readonly iss: number;
  /** Invariant: SND.UNA ≤ SND.NXT. */
  sndUna: number;
  sndNxt: number;
  readonly buffer: SendBuffer;
  readonly window = new SendWindow();
  readonly timer = new SendTimer();
  #sizes: SendSizes;
  #losses: LossResponse;
  readonly #gathering = new Gathering();
  #lastSentAt: Millis = Infinity;
  /** One segment may leave although it is a silly one. RFC 9293 §3.8.6.2.1 (override). */
  #override = false;
  readonly #hole: Hole = { left: 0, right: 0 };

  constructor(iss: number, ring: Ring, agreement: Agreement) {
    this.iss = iss;
    this.sndUna = iss;
    this.sndNxt = iss;
    this.buffer = new SendBuffer(ring, iss);
    this.#sizes = agreement.sizes;
    this.#losses = new LossResponse(agreement, this.timer.rtt);
  }

  /** The peer's SYN came after ours: only now the sizes are known. */
  negotiate(agreement: Agreement): void {
    this.#sizes = agreement.sizes;
    this.#losses = new LossResponse(agreement, this.timer.rtt);
  }

  /** When `expire` is to be called. Infinity: nothing is outstanding. */
  deadline(): Millis {
    return Math.min(this.timer.deadline, this.#losses.deadline());
  }

  /** The peer is on another network, as far as its round trips tell. */
  isDistant(): boolean {
    return this.timer.rtt.min !== Infinity && this.timer.rtt.min > DISTANT_RTT;
  }

  /** Octets that two round trips would carry, as far as congestion goes; 0 for a near peer, whom it does not concern. */
  appetite(): number {
    const window = this.#losses.congestion.window();
    return window === Infinity ? 0 : 2 * Math.min(window, this.window.octets);
  }

  /** cwnd and ssthresh in octets, Infinity where they do not limit. RFC 5681. */
  congestion(): { readonly cwnd: number; readonly ssthresh: number } {
    const { congestion } = this.#losses;
    return { cwnd: congestion.window(), ssthresh: congestion.ssthresh };
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
    this.#losses.shrink(mss, this.sndNxt);
    this.timer.rtt.forget();
    return true;
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
    const { ack } = segment;
    const flight = seqDiff(this.sndNxt, this.sndUna);
    // RFC 7323 §2.2: the window of a SYN is never scaled.
    const scale = segment.flags & SYN ? 0 : this.#sizes.scale;
    const window = segment.window << scale;
    const advances = ack !== this.sndUna;
    const octets = advances ? this.#advance(ack, now, echoedAt) : 0;
    const duplicate = flight > 0 && segment.payloadLength === 0 &&
      window === this.window.octets;
    if (flight > 0 || segment.options.sackBlocks > 0) {
      const news = { octets, advances, duplicate, flight, echoedAt };
      this.#losses.acknowledge(segment, this, now, news);
    }
    if (this.window.update(segment, window)) this.timer.open();
  }

  /** Fills `plan` with what to send at `now`; false when nothing may leave. */
  next(plan: Plan, now: Millis): boolean {
    const idle = this.sndUna === this.sndNxt;
    if (idle && now - this.#lastSentAt > this.timer.rtt.rto()) {
      this.#losses.restart();
    }
    const room = seqDiff(seqAdd(this.sndUna, this.window.octets), this.sndNxt);
    const congested = this.#losses.room(this);
    const { mss } = this.#sizes;
    return this.#planLost(plan, congested) ||
      this.#planNew(plan, Math.min(room, congested), now) ||
      (congested >= mss && this.#losses.nextDoubtful(this.#hole) &&
        this.#planHole(plan, mss)) ||
      (this.#losses.probeDue() &&
        this.#planTail(plan, Math.min(room, mss), now));
  }

  /** What `next` planned has left. */
  sent(plan: Plan, now: Millis): void {
    const end = seqAdd(plan.seq, plan.length + (plan.fin ? 1 : 0));
    const again = seqLt(plan.seq, this.sndNxt);
    const flight = seqDiff(this.sndNxt, this.sndUna);
    if (again) this.timer.rtt.forget();
    else this.timer.rtt.start(plan.seq, now);
    if (plan.fin) this.buffer.sentFin(seqAdd(plan.seq, plan.length));
    this.sndNxt = seqMax(this.sndNxt, end);
    this.#override = false;
    this.#lastSentAt = now;
    this.#gathering.sent(plan.length, now);
    // RFC 8985 §7.3: a probe of the tail gives the retransmission timer its whole time again.
    if (this.timer.probing || this.#losses.probeDue()) this.timer.restart(now);
    else this.timer.start(now);
    this.#losses.sent(plan.seq, end, now, { again, flight });
  }

  /** Nothing (more) may leave now: probes where the window is the reason. */
  settle(now: Millis): void {
    this.#losses.settle(this);
    const { buffer } = this;
    const waits = this.#unsent() > 0 ||
      (buffer.finQueued() && !buffer.finSent());
    const idle = this.sndUna === this.sndNxt;
    if (waits && idle && this.timer.deadline === Infinity) {
      this.timer.probe(now);
    }
  }

  /**
   * The deadline has passed. "probe": a segment without octets is due that makes the peer tell its window; "syn": the SYN is
   * due again; "retransmit": `next` may have something; "give up": the peer has been silent for too long.
   */
  expire(now: Millis): "probe" | "syn" | "retransmit" | "give up" {
    const { timer } = this;
    if (this.#losses.deadline() <= now) this.#losses.expire(this.sndNxt, now);
    if (timer.deadline > now) return "retransmit";
    if (timer.hasGivenUp(now)) return "give up";
    const synchronized = this.sndUna !== this.iss;
    if (timer.probing || (synchronized && this.window.octets === 0)) {
      this.#override = this.window.octets > 0;
      timer.probe(now);
      return this.#override ? "retransmit" : "probe";
    }
    timer.rtt.backOff();
    timer.rtt.forget();
    timer.restart(now);
    if (!synchronized) return "syn";
    this.#losses.timeout(this.sndNxt);
    return "retransmit";
  }

  /** Octets wait to become a burst: when they must leave at the latest, Infinity otherwise. */
  gathersUntil(now: Millis): Millis {
    return this.#gathers(now) ? this.#gathering.until : Infinity;
  }

  /** Where a RST stands: behind everything the peer can accept. */
  resetSeq(): number {
    const edge = seqAdd(this.sndUna, this.window.octets);
    return this.window.octets > 0 ? seqMin(this.sndNxt, edge) : this.sndNxt;
  }

  /** Nothing will be sent any more. */
  discard(): void {
    this.buffer.discard();
    this.timer.stop();
    this.#losses.stop();
  }

  #unsent(): number {
    return Math.max(0, seqDiff(this.buffer.end(), this.sndNxt));
  }

  /** Returns how many octets of text that acknowledges. */
  #advance(ack: number, now: Millis, echoedAt: Millis | undefined): number {
    const octets = this.buffer.acknowledge(ack);
    this.sndUna = ack;
    this.timer.rtt.acknowledge(ack, now, echoedAt);
    // RFC 6298 §5.2, §5.3.
    if (this.sndUna === this.sndNxt) this.timer.stop();
    else this.timer.restart(now);
    return octets;
  }

  #planLost(plan: Plan, congested: number): boolean {
    if (!this.#losses.nextLost(this.#hole)) return false;
    const { mss, burst } = this.#sizes;
    // RFC 6675 §5 (4.3): the first one leaves whatever the estimate of the pipe says.
    if (congested < mss && this.#hole.left !== this.sndUna) return false;
    const room = Math.min(burst, Math.max(mss, congested));
    return this.#planHole(plan, room - room % mss);
  }

  /** Sends again what lies in the hole, `most` octets of it, within the window that the peer may have shrunk. */
  #planHole(plan: Plan, most: number): boolean {
    const { left, right } = this.#hole;
    const edge = seqAdd(this.sndUna, this.window.octets);
    const dataEnd = this.buffer.end();
    const end = seqMin(seqMin(right, dataEnd), edge);
    plan.seq = left;
    plan.length = Math.max(0, Math.min(most, seqDiff(end, left)));
    plan.fin = this.buffer.finSent() &&
      seqAdd(left, plan.length) === dataEnd && seqLt(dataEnd, right);
    plan.push = true;
    return plan.length > 0 || plan.fin;
  }

  /** RFC 8985 §7.3: a new segment, whatever the congestion window says, or the last one again. */
  #planTail(plan: Plan, room: number, now: Millis): boolean {
    if (this.#planNew(plan, room, now)) return true;
    this.#hole.right = this.sndNxt;
    this.#hole.left = seqMax(
      this.sndUna,
      seqAdd(this.sndNxt, -this.#sizes.mss),
    );
    return this.sndUna !== this.sndNxt &&
      this.#planHole(plan, this.#sizes.mss);
  }

  #gathers(now: Millis): boolean {
    const { buffer } = this;
    const waits = !buffer.finQueued() && this.sndUna !== this.sndNxt;
    return waits && this.#gathering.holds(this.#unsent(), now);
  }

  #planNew(plan: Plan, room: number, now: Millis): boolean {
    if (this.sndUna === this.iss || this.#gathers(now)) return false;
    const unsent = this.#unsent();
    const { mss, burst } = this.#sizes;
    let length = Math.max(0, Math.min(unsent, room, burst));
    if (length < unsent) {
      // RFC 9293 §3.8.6.2.1: whole segments, or half of the largest window seen, or nothing yet.
      if (length >= mss) length -= length % mss;
      else if (length < this.window.max / 2 && !this.#override) return false;
    }
    plan.seq = this.sndNxt;
    plan.length = length;
    plan.fin = this.buffer.finQueued() && !this.buffer.finSent() &&
      length === unsent && room > length;
    plan.push = length === unsent;
    return length > 0 || plan.fin;
  }
}
