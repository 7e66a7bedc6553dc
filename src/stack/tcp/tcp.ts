import type { Millis } from "../../base/clock.ts";
import {
  ACK,
  createSegment,
  FIN,
  RST,
  type Segment,
  SYN,
} from "../../wire/tcp.ts";
import type { BufferPool } from "../buffer_pool.ts";
import type { DropReason, Drops } from "../drops.ts";
import { type FlowKey, isIpv4 } from "../flow_key.ts";
import { FlowTable } from "../flow_table.ts";
import type { QuotedPacket } from "../icmp.ts";
import type { IcmpErrors } from "../icmp_errors.ts";
import type { Output } from "../output.ts";
import { RateLimit } from "../rate_limit.ts";
import type { Timed, TimerQueue } from "../timer_queue.ts";
import { segmentArrives } from "./arrives.ts";
import type { TcpHost } from "./host.ts";
import { IsnGenerator } from "./isn.ts";
import { Listener } from "./listener.ts";
import { offer } from "./negotiation.ts";
import { tooBig } from "./path_mtu.ts";
import { PendingSyn } from "./pending_syn.ts";
import { sendReset } from "./segment_out.ts";
import { seqAdd } from "./seq.ts";
import type { Plan } from "./snd.ts";
import { TcpSocket } from "./socket.ts";
import { TimeWait } from "./time_wait.ts";
import { TimeWaits } from "./time_waits.ts";

/** RFC 5961 §7, against CVE-2016-5696: of all flows together, in a second. */
const CHALLENGES_PER_SECOND = 1000;

export interface TcpOptions {
  readonly output: Output;
  readonly pool: BufferPool;
  readonly timers: TimerQueue;
  readonly drops: Drops;
  readonly errors: IcmpErrors;
  /** Four random words. */
  readonly secret: Int32Array;
  /** A random word. */
  readonly seed: number;
  /** A SYN that the application may accept or reject, now or later. */
  readonly onSyn: (syn: PendingSyn) => void;
  /** Something is due for the next poll. */
  readonly onDirty: () => void;
}

/** All TCP connections: which one a segment is for, and what becomes of those that are for none. */
export class Tcp implements TcpHost {
  readonly output: Output;
  readonly pool: BufferPool;
  readonly scratch: { readonly segment: Segment; readonly plan: Plan } = {
    segment: createSegment(),
    plan: { seq: 0, length: 0, fin: false, push: false },
  };
  readonly #options: TcpOptions;
  readonly #table: FlowTable<TcpSocket | PendingSyn | TimeWait>;
  readonly #isn: IsnGenerator;
  readonly #listener: Listener;
  readonly #timeWaits: TimeWaits;
  readonly #challenges = new RateLimit(CHALLENGES_PER_SECOND, 50);
  /** Ended; their RST leaves with the next poll. */
  #aborted: TcpSocket[] = [];
  #dirty: TcpSocket[] = [];
  #polled: TcpSocket[] = [];

  constructor(options: TcpOptions) {
    this.#options = options;
    this.output = options.output;
    this.pool = options.pool;
    this.#table = new FlowTable(options.seed);
    this.#isn = new IsnGenerator(options.secret);
    this.#timeWaits = new TimeWaits(this.#table, options.timers);
    this.#listener = new Listener({
      host: this,
      table: this.#table,
      isn: this.#isn,
      errors: options.errors,
      onSyn: options.onSyn,
    });
  }

  /** Opens a connection from `key`'s local end to its remote one; undefined when there is one. RFC 9293 §3.10.1. */
  connect(key: FlowKey): TcpSocket | undefined {
    if (this.#table.get(key) !== undefined) return undefined;
    const socket = new TcpSocket(this, {
      key,
      state: "SYN-SENT",
      iss: this.#isn.next(key, this.#listener.now),
      timestampOffset: this.#isn.timestampOffset(key),
      agreement: offer(isIpv4(key) ? 4 : 6),
      irs: 0,
    });
    this.#table.set(socket);
    return socket;
  }

  /** A segment with good checksum has arrived; `octets` is the packet. */
  receive(
    key: FlowKey,
    segment: Segment,
    octets: Uint8Array,
    now: Millis,
  ): void {
    this.#listener.now = now;
    const entry = this.#table.get(key);
    if (entry instanceof TcpSocket) {
      if (!this.#isNewSyn(entry, segment)) {
        segmentArrives(entry, segment, octets, now);
        return;
      }
      entry.reset();
      this.#listener.arrives(key, segment);
    } else if (entry instanceof PendingSyn) {
      this.#listener.arrivesPending(entry, segment);
    } else if (entry instanceof TimeWait) {
      if (!entry.segmentArrives(segment, now)) return;
      this.#timeWaits.forget(entry);
      this.#listener.arrives(key, segment, entry.nextIss());
    } else {
      this.#listener.arrives(key, segment);
    }
  }

  /** A router, or the kernel, could not pass a packet of ours on. */
  tooBig(quoted: QuotedPacket, mtu: number): void {
    const socket = this.#table.get(quoted.key);
    if (socket instanceof TcpSocket && tooBig(socket, quoted, mtu)) return;
    this.drop("icmp.soft error");
  }

  /** Reports what has happened to the flows since the last poll. */
  deliver(): void {
    for (let i = 0; i < this.#dirty.length; i++) this.#dirty[i]?.deliver();
  }

  /** Sends what the flows may send; `output` is open. */
  transmit(now: Millis): void {
    this.#listener.now = now;
    for (const socket of this.#aborted.splice(0)) sendReset(socket, now);
    const batch = this.#dirty;
    this.#dirty = this.#polled;
    this.#polled = batch;
    for (const socket of batch) {
      socket.dirty = false;
      socket.transmit(now);
    }
    batch.length = 0;
  }

  isDirty(): boolean {
    return this.#dirty.length > 0 || this.#aborted.length > 0;
  }

  *sockets(): Generator<TcpSocket> {
    for (const entry of this.#table.values()) {
      if (entry instanceof TcpSocket) yield entry;
    }
  }

  // TcpHost

  drop(reason: DropReason): void {
    this.#options.drops.count(reason);
  }

  markDirty(socket: TcpSocket): void {
    if (socket.dirty) return;
    socket.dirty = true;
    this.#dirty.push(socket);
    this.#options.onDirty();
  }

  markQueued(): void {
    this.#options.onDirty();
  }

  markAborted(socket: TcpSocket): void {
    this.#aborted.push(socket);
    this.#options.onDirty();
  }

  schedule(timed: Timed): void {
    this.#options.timers.schedule(timed);
  }

  established(socket: TcpSocket): void {
    this.#listener.settle(socket);
  }

  remove(socket: TcpSocket): void {
    this.#listener.settle(socket);
    this.#table.delete(socket);
    this.#options.timers.remove(socket);
  }

  enterTimeWait(socket: TcpSocket, now: Millis): void {
    this.#timeWaits.add(socket, now);
  }

  mayChallenge(now: Millis): boolean {
    return this.#challenges.take(now);
  }

  /** A SYN for a connection whose SYN-ACK nobody has answered, and not the one that it answers. RFC 9293 §3.10.7.4, fourth step. */
  #isNewSyn(socket: TcpSocket, { flags, seq }: Segment): boolean {
    return socket.state() === "SYN-RECEIVED" &&
      (flags & (SYN | ACK | RST | FIN)) === SYN &&
      seqAdd(seq, 1) !== socket.rcv.rcvNxt;
  }
}
