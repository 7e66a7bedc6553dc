import type { Millis } from "../../base/clock.ts";

/** A peer this close is on the same machine: its receive window is the only limit, for nothing in between can be congested. */
const LOCAL_RTT: Millis = 2;

/** RFC 6928 §2. */
function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14_600));
}

/** RFC 5681 in octets, with appropriate byte counting (RFC 3465). It governs only once a loss or the round trip shows a distant peer. */
export class Congestion {
  cwnd: number;
  ssthresh = Infinity;
  #mss: number;
  #local = true;
  #lossy = false;
  /** What the window was before the last loss. */
  #before = { cwnd: 0, ssthresh: 0, lossy: false };

  constructor(mss: number) {
    this.#mss = mss;
    this.cwnd = initialWindow(mss);
  }

  /** Segments become smaller; the window stays. */
  shrink(mss: number): void {
    this.#mss = mss;
  }

  /** Whether the window is a limit at all. */
  governs(): boolean {
    return !this.#local;
  }

  /** Octets that may be in flight. */
  window(): number {
    return this.#local ? Infinity : this.cwnd;
  }

  /** `minRtt` is the smallest round trip seen, Infinity before the first. */
  observe(minRtt: Millis): void {
    const near = minRtt <= LOCAL_RTT || minRtt === Infinity;
    this.#local = near && !this.#lossy;
  }

  /** `acked` octets left the network, and the window was the limit. */
  acked(acked: number): void {
    if (this.#local) return;
    // An ACK may cover more than slow start has left to do, after a time-out above all.
    const slow = Math.max(0, Math.min(acked, this.ssthresh - this.cwnd));
    this.cwnd += slow;
    if (acked > slow) {
      const growth = this.#mss * (acked - slow) / this.cwnd;
      this.cwnd += Math.max(1, Math.floor(growth));
    }
  }

  /** A recovery begins that `undo` may take back. */
  remember(): void {
    this.#before = {
      cwnd: this.cwnd,
      ssthresh: this.ssthresh,
      lossy: this.#lossy,
    };
  }

  /** Nothing was lost. RFC 4015 §3.2: the window is what it was before. */
  undo(): void {
    const { cwnd, ssthresh, lossy } = this.#before;
    this.cwnd = Math.max(this.cwnd, cwnd);
    this.ssthresh = Math.max(this.ssthresh, ssthresh);
    this.#lossy = lossy;
  }

  /** RFC 5681 §3.1 eq. 4. */
  loss(flight: number): void {
    this.#lossy = true;
    this.#local = false;
    this.ssthresh = Math.max(Math.floor(flight / 2), 2 * this.#mss);
    this.cwnd = this.ssthresh;
  }

  /** RFC 5681 §3.1: after a retransmission timeout one segment. */
  timeout(flight: number): void {
    this.loss(flight);
    this.cwnd = this.#mss;
  }

  /** RFC 5681 §4.1: nothing was sent for longer than an RTO. */
  restart(): void {
    this.cwnd = Math.min(this.cwnd, initialWindow(this.#mss));
  }
}
