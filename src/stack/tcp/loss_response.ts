import type { Millis } from "../../base/clock.ts";
import type { Segment } from "../../wire/tcp.ts";
import { Congestion } from "./congestion.ts";
import type { Agreement } from "./negotiation.ts";
import { type Hole, Recovery } from "./recovery.ts";
import type { Rtt } from "./rtt.ts";
import { seqDiff } from "./seq.ts";
import { duplicateOctets, SpuriousLoss } from "./spurious_loss.ts";
import { TailLossProbe } from "./tail_loss_probe.ts";

/** SND.UNA and SND.NXT. */
export interface Edges {
  readonly sndUna: number;
  readonly sndNxt: number;
}

/** How an acceptable ACK looks to whoever wants to learn of losses. */
export interface AckNews {
  /** Octets of text that it acknowledges. */
  readonly octets: number;
  /** SND.UNA has advanced. */
  readonly advances: boolean;
  /** It is a duplicate by the rules for a peer without SACK. RFC 5681 §2. */
  readonly duplicate: boolean;
  /** What was in flight before. */
  readonly flight: number;
  /** When the segment left whose timestamp it echoes, in whole milliseconds. */
  readonly echoedAt: Millis | undefined;
}

/** What the network may hold, what it has lost, and what is done about it: congestion control and loss recovery of one sender. */
export class LossResponse {
  readonly #rtt: Rtt;
  #mss: number;
  readonly congestion: Congestion;
  readonly #recovery: Recovery;
  readonly #spurious = new SpuriousLoss();
  readonly #tail = new TailLossProbe();
  /** A probe of the tail is due. */
  #probeDue = false;
  /** The last burst has filled the congestion window: it may grow. RFC 7661 §1. */
  #limited = false;
  /**
   * FlightSize when the last burst had left. What was in flight when an ACK is read says less: those before it in the same
   * burst have left a gap that nothing has filled yet.
   */
  #flight = 0;

  constructor({ sizes: { mss }, sack }: Agreement, rtt: Rtt) {
    this.#rtt = rtt;
    this.#mss = mss;
    this.congestion = new Congestion(mss);
    this.#recovery = new Recovery({ mss, sack, rtt });
  }

  /** When `expire` is to be called, Infinity for never. */
  deadline(): Millis {
    return Math.min(this.#recovery.deadline(), this.#tail.deadline);
  }

  /** Segments become smaller, and what is in flight is sent again: no congestion has lost it. */
  shrink(mss: number, sndNxt: number): void {
    this.#mss = mss;
    this.congestion.shrink(mss);
    this.#recovery.shrink(mss, sndNxt);
  }

  /** Octets that the network can take in addition to what it holds. */
  room({ sndUna, sndNxt }: Edges): number {
    return this.congestion.window() + this.#recovery.limitedTransmit() -
      this.#recovery.pipe(sndUna, sndNxt);
  }

  /** Nothing was sent for longer than an RTO. */
  restart(): void {
    this.congestion.restart();
  }

  /** What to send again first, into `hole`; false when nothing is lost. */
  nextLost(hole: Hole): boolean {
    return this.#recovery.nextLost(hole);
  }

  /** What to send again when neither a lost octet nor a new one is there to send. */
  nextDoubtful(hole: Hole): boolean {
    return this.#recovery.nextDoubtful(hole);
  }

  /** Whether one segment is to leave as a probe of the tail, whatever `room` says. */
  probeDue(): boolean {
    return this.#probeDue;
  }

  /** [left, right) has left, `again` tells whether not for the first time; `flight` octets were in flight before. */
  sent(
    left: number,
    right: number,
    now: Millis,
    { again, flight }: { readonly again: boolean; readonly flight: number },
  ): void {
    const octets = seqDiff(right, left);
    this.#recovery.sent(left, right, now);
    if (this.#probeDue) this.#tail.sent(right, flight, again);
    this.#probeDue = false;
    if (!again) this.#scheduleProbe(flight + octets, now);
    else this.#spurious.sentAgain(octets, now);
  }

  /** Nothing (more) may leave now. */
  settle(edges: Edges): void {
    this.#probeDue = false;
    this.#flight = seqDiff(edges.sndNxt, edges.sndUna);
    this.#limited = this.room(edges) < this.#mss;
  }

  /** Reads an acceptable ACK; SND.UNA has moved already. */
  acknowledge(
    segment: Segment,
    { sndUna, sndNxt }: Edges,
    now: Millis,
    { octets, advances, duplicate, flight, echoedAt }: AckNews,
  ): void {
    if (this.#spurious.detects(segment, advances, echoedAt)) {
      this.#recovery.cancel();
      this.congestion.undo();
    }
    if (advances) this.#grow(octets);
    const counts = duplicate && !advances;
    this.#recovery.acknowledge(segment, now, { echoedAt, counts });
    this.#takeDuplicate(segment, sndNxt);
    if (flight > 0) this.#detectLoss(sndNxt, now);
    if (advances) this.#scheduleProbe(seqDiff(sndNxt, sndUna), now);
  }

  /** `deadline` has passed. */
  expire(sndNxt: number, now: Millis): void {
    if (this.#recovery.deadline() <= now) {
      this.#detectLoss(sndNxt, now);
    }
    if (this.#tail.deadline > now) return;
    this.#tail.stop();
    this.#probeDue = true;
  }

  /** The retransmission timer has gone off. RFC 5681 §3.1. */
  timeout(sndNxt: number): void {
    this.#tail.stop();
    if (this.#recovery.isOpen()) this.congestion.remember();
    this.#spurious.begin();
    this.congestion.timeout(this.#flight);
    this.#recovery.timeout(sndNxt);
  }

  /** Nothing will be sent any more. */
  stop(): void {
    this.#tail.stop();
    this.#recovery.stop();
  }

  #grow(octets: number): void {
    this.congestion.observe(this.#rtt.min);
    const grows = this.#limited && !this.#recovery.isFast();
    if (grows) this.congestion.acked(octets);
  }

  #takeDuplicate(segment: Segment, sndNxt: number): void {
    const duplicate = duplicateOctets(segment) > 0;
    if (duplicate) this.#recovery.sawDuplicate(segment.ack, sndNxt);
    const repaired = this.#tail.acknowledge(segment.ack, duplicate);
    // RFC 8985 §7.4.2: a loss that the probe has repaired is one all the same.
    if (repaired > 0) this.congestion.loss(repaired);
  }

  #detectLoss(sndNxt: number, now: Millis): void {
    if (!this.#recovery.detectsLoss(now)) return;
    this.congestion.remember();
    this.#spurious.begin();
    this.congestion.loss(this.#flight);
    this.#recovery.enter(sndNxt);
    this.#tail.stop();
  }

  /** RFC 8985 §7.2. Not towards a near peer, which loses nothing. */
  #scheduleProbe(flight: number, now: Millis): void {
    const { srtt } = this.#rtt;
    const useful = flight > 0 && srtt >= 0 && this.#recovery.needsProbe() &&
      this.congestion.governs();
    if (useful) this.#tail.schedule(now, srtt, flight <= this.#mss);
    else this.#tail.stop();
  }
}
