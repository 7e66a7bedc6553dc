import type { Millis } from "../../base/clock.ts";
import {
  createSegment,
  putTcp,
  type Segment,
  SYN,
  TCP_HEADER,
} from "../../wire/tcp.ts";
import type { SynOffer } from "../../wire/tcp_options.ts";
import { type FlowKey, localPort, remotePort } from "../flow_key.ts";
import type { Refusal } from "../icmp_errors.ts";
import type { TcpSocket } from "./socket.ts";

/** What becomes of a SYN; whoever made the record decides how. */
export interface SynVerdict {
  accept(syn: PendingSyn): TcpSocket;
  reject(syn: PendingSyn, refusal: Refusal): void;
}

/**
 * A SYN that nobody has answered yet: LISTEN, in RFC 9293's terms. Copies of it are ignored as long as it stands; RST takes
 * it away, and so does a SYN with another sequence number, which is a new one.
 */
export class PendingSyn {
  readonly key: FlowKey;
  readonly irs: number;
  /** SEG.WND, not scaled. */
  readonly window: number;
  readonly offer: SynOffer;
  readonly tsVal: number;
  /** When it came, or when the application was asked. */
  arrivedAt: Millis;
  /** The lowest ISS that may answer it: the connection before it under this key used what lies below. */
  readonly leastIss: number | undefined;
  /** The peer has given up, or other SYNs needed the room. The application has been asked before. */
  onCancelled: (() => void) | undefined;
  readonly #verdict: SynVerdict;

  constructor(
    key: FlowKey,
    segment: Segment,
    leastIss: number | undefined,
    verdict: SynVerdict,
    now: Millis,
  ) {
    const { mss, windowScale, sackPermitted, timestamps } = segment.options;
    this.key = key.slice();
    this.irs = segment.seq;
    this.window = segment.window;
    this.offer = { mss, windowScale, sackPermitted, timestamps };
    this.tsVal = segment.options.tsVal;
    this.leastIss = leastIss;
    this.#verdict = verdict;
    this.arrivedAt = now;
  }

  /** Answers with SYN-ACK. To be called once, and not after `onCancelled`. */
  accept(): TcpSocket {
    return this.#verdict.accept(this);
  }

  /** Answers with a refusal, or with nothing. Without effect after `accept`, `reject` or `onCancelled`. */
  reject(refusal: Refusal): void {
    this.#verdict.reject(this, refusal);
  }

  /** The SYN again, without its options. */
  segment(): Segment {
    const segment = createSegment();
    segment.sourcePort = remotePort(this.key);
    segment.destinationPort = localPort(this.key);
    segment.seq = this.irs;
    segment.flags = SYN;
    segment.window = this.window;
    return segment;
  }

  /** Its header, for an ICMP error to quote. */
  octets(): Uint8Array {
    const octets = new Uint8Array(TCP_HEADER);
    putTcp(new DataView(octets.buffer), 0, this.segment(), TCP_HEADER);
    return octets;
  }
}
