import type { Millis } from "../../base/clock.ts";
import type { Segment } from "../../wire/tcp.ts";
import { Flight } from "./flight.ts";
import { Rack } from "./rack.ts";
import type { Rtt } from "./rtt.ts";
import { seqAdd, seqDiff, seqLe, seqMax } from "./seq.ts";

/** DupThresh, RFC 5681 §3.2. */
const DUPLICATES = 3;

/** What leaves within this part of the smallest round trip left at one time, as far as losses are concerned. */
const GRAINS_PER_RTT = 64;

/** A part of the send sequence space. */
export interface Hole {
  left: number;
  right: number;
}

/**
 * Which octets in flight are lost and which to send again: by time with SACK (RFC 8985), by counting duplicates without (RFC
 * 6582, NewReno), and after a retransmission timeout everything that was in flight then. `una` and `nxt` are SND.UNA and
 * SND.NXT.
 */
export class Recovery {
  readonly flight: Flight;
  readonly #rack = new Rack();
  readonly #rtt: Rtt;
  readonly #sack: boolean;
  #mss: number;
  #phase: "open" | "fast" | "timeout" = "open";
  /** RecoveryPoint: SND.NXT when recovery began. */
  #point = 0;
  /** RFC 6675 §5 (4): once per recovery, the end of what is in flight may be sent again. */
  #rescued = false;
  /** Without SACK: segments that must have arrived beyond SND.UNA. */
  #duplicates = 0;
  /** Of the ACK that is being read. */
  readonly #arrival = { now: 0, echoedAt: undefined as Millis | undefined };

  /** `sack` tells whether the peer reports what it has. */
  constructor({ mss, sack, rtt }: { mss: number; sack: boolean; rtt: Rtt }) {
    this.#mss = mss;
    this.#sack = sack;
    this.#rtt = rtt;
    this.flight = new Flight((end, range) => {
      const { now, echoedAt } = this.#arrival;
      const ordered = this.#phase !== "timeout";
      const minRtt = rtt.min;
      this.#rack.delivered(end, range, { now, minRtt, echoedAt, ordered });
    });
  }

  /** When `detectsLoss` is to be asked although nothing has arrived. */
  deadline(): Millis {
    return this.#rack.deadline;
  }

  /** Nothing will be sent any more. */
  stop(): void {
    this.#rack.rest();
  }

  /** Segments become smaller, and everything in flight was too big. */
  shrink(mss: number, nxt: number): void {
    this.#mss = mss;
    this.timeout(nxt);
  }

  isOpen(): boolean {
    return this.#phase === "open";
  }

  /** Whether the window must not grow: a fast recovery is under way. */
  isFast(): boolean {
    return this.#phase === "fast";
  }

  /** Whether the silence of the peer would be the only news of a loss at the end of the flight. RFC 8985 §7.2. */
  needsProbe(): boolean {
    return this.#sack && this.#phase === "open" && this.flight.sacked === 0;
  }

  /** [left, right) leaves, for the first time or again. */
  sent(left: number, right: number, now: Millis): void {
    const { min } = this.#rtt;
    const grain = min === Infinity ? 0 : min / GRAINS_PER_RTT;
    this.flight.sent(left, right, now, grain);
  }

  /**
   * Takes an acceptable ACK; whether it said anything of octets beyond `ack`. `counts` tells that without SACK it is a
   * duplicate (RFC 5681 §2).
   */
  acknowledge(
    { ack, options }: Segment,
    now: Millis,
    { echoedAt, counts }: { echoedAt: Millis | undefined; counts: boolean },
  ): void {
    this.#arrival.now = now;
    this.#arrival.echoedAt = echoedAt;
    const [first] = this.flight.ranges;
    if (first !== undefined && seqDiff(ack, first.left) > 0) {
      this.#advance(ack);
    } else if (counts) {
      this.#duplicates++;
    }
    for (let i = 0; i < options.sackBlocks; i++) {
      const left = options.sack[2 * i] ?? 0;
      const right = options.sack[2 * i + 1] ?? 0;
      this.flight.sack(left, right);
    }
  }

  /** The peer reports that it has got octets twice. RFC 2883. */
  sawDuplicate(una: number, nxt: number): void {
    this.#rack.sawDuplicate(una, nxt);
  }

  /** Marks what must be taken for lost; whether that begins a recovery. */
  detectsLoss(now: Millis): boolean {
    const found = this.#sack ? this.#detectByTime(now) : this.#detectByCount();
    return found && this.#phase === "open";
  }

  /** RFC 6675 §5 (4), RFC 6582 §3.2 (2). */
  enter(nxt: number): void {
    this.#phase = "fast";
    this.#point = nxt;
    this.#rescued = false;
  }

  /** Everything in flight is lost, and what SACK said is forgotten, for the peer may have reneged. RFC 2018 §8. */
  timeout(nxt: number): void {
    this.#phase = "timeout";
    this.#point = nxt;
    this.#duplicates = 0;
    this.flight.loseAll();
    this.#rack.rest();
  }

  /** Nothing was lost: nothing more is sent again. */
  cancel(): void {
    this.#phase = "open";
    this.#duplicates = 0;
    this.flight.recall();
    this.#rack.sawReordering();
  }

  /** Octets that may be sent beyond the congestion window, because duplicates say that some have left. RFC 3042; SACK says it better. */
  limitedTransmit(): number {
    const silent = this.#phase === "open" && !this.#sack;
    return silent ? Math.min(this.#duplicates, 2) * this.#mss : 0;
  }

  /** Estimate of the octets in the network. RFC 6675 §4 SetPipe. */
  pipe(una: number, nxt: number): number {
    const { sacked, lost } = this.flight;
    const gone = this.#phase === "fast" ? this.#duplicates * this.#mss : 0;
    return Math.max(0, seqDiff(nxt, una) - sacked - lost - gone);
  }

  /** What to send again next, into `hole`; false when there is nothing. RFC 6675 §4 NextSeg (1). */
  nextLost(hole: Hole): boolean {
    const lost = this.flight.firstLost();
    if (lost === undefined) return false;
    hole.left = lost.left;
    hole.right = lost.right;
    return true;
  }

  /** What to send again when neither a lost octet nor a new one is there to send. RFC 6675 §4 NextSeg (4). */
  nextDoubtful(hole: Hole): boolean {
    if (this.#phase !== "fast" || this.#rescued) return false;
    const highest = this.flight.highestSacked();
    if (highest === undefined || seqLe(this.#point, highest)) return false;
    this.#rescued = true;
    hole.left = seqMax(highest, seqAdd(this.#point, -this.#mss));
    hole.right = this.#point;
    return true;
  }

  #advance(ack: number): void {
    this.#duplicates = 0;
    this.flight.advance(ack);
    if (this.#phase === "open" || !seqLe(this.#point, ack)) return;
    this.#phase = "open";
    this.#rack.recovered();
  }

  #detectByTime(now: Millis): boolean {
    const { flight } = this;
    if (flight.sacked === 0 && this.#phase === "open") {
      this.#rack.rest();
      return false;
    }
    const certain = this.#phase !== "open" ||
      flight.sacked > (DUPLICATES - 1) * this.#mss ||
      flight.islands() >= DUPLICATES;
    const { min, srtt } = this.#rtt;
    const window = this.#rack.window(min, srtt, certain);
    return this.#rack.detect(flight, now, window);
  }

  /** RFC 5681 §3.2 (2); RFC 6582 §3.2 (5), partial ACKs. */
  #detectByCount(): boolean {
    const [first] = this.flight.ranges;
    const doubted = this.#phase === "fast" ||
      (this.#phase === "open" && this.#duplicates >= DUPLICATES);
    if (!doubted || first === undefined || first.again) return false;
    if (first.fate !== "in flight") return false;
    this.flight.loseFirst(this.#mss);
    return true;
  }
}
