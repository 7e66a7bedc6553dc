import type { Millis } from "../../base/clock.ts";
import { ACK, RST, type Segment, SYN, TCP_HEADER } from "../../wire/tcp.ts";
import { putTimestamps, TIMESTAMPS_LENGTH } from "../../wire/tcp_options.ts";
import { type FlowKey, localPort, remotePort } from "../flow_key.ts";
import type { Timed } from "../timer_queue.ts";
import type { TcpHost } from "./host.ts";
import { seqAdd, seqLt } from "./seq.ts";
import type { TcpSocket } from "./socket.ts";
import type { Timestamps } from "./timestamps.ts";

/** Deviation: RFC 9293 §3.4.2 asks for 2 MSL (4 min). Segments to and from the same machine do not live that long. */
const TIME_WAIT: Millis = 10_000;

/** A connection that has ended, as long as its peer may not know. RFC 9293 §3.10.7.4, RFC 1337, RFC 6191. */
export class TimeWait implements Timed {
  readonly key: FlowKey;
  deadline: Millis;
  queuedAt: Millis = Infinity;
  queueIndex = -1;
  readonly #host: TcpHost;
  readonly #sndNxt: number;
  readonly #rcvNxt: number;
  readonly #timestamps: Timestamps;
  readonly #onExpired: (ended: TimeWait) => void;

  constructor(
    socket: TcpSocket,
    now: Millis,
    onExpired: (ended: TimeWait) => void,
  ) {
    this.key = socket.key;
    this.deadline = now + TIME_WAIT;
    this.#host = socket.host;
    this.#sndNxt = socket.snd.sndNxt;
    this.#rcvNxt = socket.rcv.rcvNxt;
    this.#timestamps = socket.timestamps;
    this.#onExpired = onExpired;
  }

  /**
   * Answers everything but RST with an ACK (RFC 1337). A SYN that cannot be an old one of this connection is the caller's
   * to open a new one with: true then. RFC 9293 §3.10.7.4, RFC 6191 §2.
   */
  segmentArrives(segment: Segment, now: Millis): boolean {
    const { flags, seq, options } = segment;
    if (flags & RST) return false;
    if (flags & SYN && !(flags & ACK)) {
      const newer = seqLt(this.#rcvNxt, seq) ||
        (this.#timestamps.enabled && options.timestamps &&
          seqLt(this.#timestamps.recent, options.tsVal));
      if (newer) return true;
    }
    this.deadline = now + TIME_WAIT;
    this.#acknowledge(now);
    return false;
  }

  expire(): void {
    this.#onExpired(this);
  }

  /** ISS for a connection that follows this one: beyond everything it may have in the network. */
  nextIss(): number {
    return seqAdd(this.#sndNxt, 65_536);
  }

  #acknowledge(now: Millis): void {
    const { output, scratch: { segment } } = this.#host;
    const timestamps = this.#timestamps;
    const options = timestamps.enabled ? TIMESTAMPS_LENGTH : 0;
    segment.sourcePort = localPort(this.key);
    segment.destinationPort = remotePort(this.key);
    segment.seq = this.#sndNxt;
    segment.ack = this.#rcvNxt;
    segment.flags = ACK;
    segment.window = 0;
    output.queueTcp(this.key, segment, TCP_HEADER + options, (view, at) => {
      if (options === 0) return;
      const value = timestamps.value(now);
      putTimestamps(view, at + TCP_HEADER, value, timestamps.recent);
    });
    this.#host.markQueued();
  }
}
