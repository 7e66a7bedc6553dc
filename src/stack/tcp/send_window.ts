import type { Segment } from "../../wire/tcp.ts";
import { seqLe, seqLt } from "./seq.ts";

/** SND.WND and what guards it against old segments. RFC 9293 §3.3.1, §3.10.7.4. */
export class SendWindow {
  /** SND.WND in octets. */
  octets = 0;
  /** The largest ever offered. */
  max = 0;
  /** SND.WL1, SND.WL2: SEG.SEQ and SEG.ACK of the last update. */
  #wl1 = 0;
  #wl2 = 0;

  /** Takes `octets` as the window of a SYN. */
  set(segment: Segment, octets: number): void {
    this.octets = octets;
    this.max = Math.max(this.max, octets);
    this.#wl1 = segment.seq;
    this.#wl2 = segment.ack;
  }

  /** Takes `octets` unless the segment is older than the one that set the window; true when the window grew. */
  update(segment: Segment, octets: number): boolean {
    const newer = seqLt(this.#wl1, segment.seq) ||
      (this.#wl1 === segment.seq && seqLe(this.#wl2, segment.ack));
    if (!newer) return false;
    const grew = octets > this.octets;
    this.set(segment, octets);
    return grew;
  }
}
