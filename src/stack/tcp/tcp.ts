import type { Millis } from "../../base/clock.ts";
import { TCP } from "../../wire/ip_header.ts";
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
import {
  type FlowKey,
  isIpv4,
  localPort,
  remotePort,
  sameEnds,
} from "../flow_key.ts";
import { FlowTable } from "../flow_table.ts";
import type { QuotedPacket } from "../icmp.ts";
import type { IcmpErrors, Refusal } from "../icmp_errors.ts";
import type { Output } from "../output.ts";
import { RateLimit } from "../rate_limit.ts";
import type { Timed, TimerQueue } from "../timer_queue.ts";
import { answerWithReset, segmentArrives } from "./arrives.ts";
import { HalfOpen } from "./half_open.ts";
import type { TcpHost } from "./host.ts";
import { IsnGenerator } from "./isn.ts";
import { agree, offer } from "./negotiation.ts";
import { PendingSyn, type SynVerdict } from "./pending_syn.ts";
import { sendReset } from "./segment_out.ts";
import { seqAdd, seqMax } from "./seq.ts";
import type { Plan } from "./snd.ts";
import { TcpSocket } from "./socket.ts";
import { TimeWait } from "./time_wait.ts";

/** Ended connections whose last ACK may be lost. Beyond, the oldest is forgotten: RST answers a late segment then. */
const MAX_TIME_WAIT = 8192;

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
export class Tcp implements TcpHost, SynVerdict {
  readonly output: Output;
  readonly pool: BufferPool;
  readonly scratch: { readonly segment: Segment; readonly plan: Plan } = {
    segment: createSegment(),
    plan: { seq: 0, length: 0, fin: false, push: false },
  };
  readonly #options: TcpOptions;
  readonly #table: FlowTable<TcpSocket | PendingSyn | TimeWait>;
  readonly #isn: IsnGenerator;
  readonly #halfOpen = new HalfOpen({
    dial: (syn) => this.#options.onSyn(syn),
    cancel: (syn) => {
      this.drop("tcp.pending limit");
      this.#table.delete(syn);
      syn.onCancelled?.();
    },
    evict: (socket) => {
      this.drop("tcp.pending limit");
      socket.forget();
    },
  });
  /** In order of their ends. */
  readonly #timeWaits = new Set<TimeWait>();
  readonly #challenges = new RateLimit(CHALLENGES_PER_SECOND, 50);
  /** Ended; their RST leaves with the next poll. */
  #aborted: TcpSocket[] = [];
  #dirty: TcpSocket[] = [];
  #polled: TcpSocket[] = [];
  #now: Millis = 0;

  constructor(options: TcpOptions) {
    this.#options = options;
    this.output = options.output;
    this.pool = options.pool;
    this.#table = new FlowTable(options.seed);
    this.#isn = new IsnGenerator(options.secret);
  }

  /** Opens a connection from `key`'s local end to its remote one; undefined when there is one. RFC 9293 §3.10.1. */
  connect(key: FlowKey): TcpSocket | undefined {
    if (this.#table.get(key) !== undefined) return undefined;
    const socket = new TcpSocket(this, {
      key,
      state: "SYN-SENT",
      iss: this.#isn.next(key, this.#now),
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
    this.#now = now;
    const entry = this.#table.get(key);
    if (entry instanceof TcpSocket) {
      if (!this.#isNewSyn(entry, segment)) {
        segmentArrives(entry, segment, octets, now);
        return;
      }
      entry.reset();
      this.#listen(key, segment);
    } else if (entry instanceof PendingSyn) {
      this.#arrivesPending(entry, segment);
    } else if (entry instanceof TimeWait) {
      if (!entry.segmentArrives(segment, now)) return;
      this.#forget(entry);
      this.#listen(key, segment, entry.nextIss());
    } else {
      this.#listen(key, segment);
    }
  }

  /** A router, or the kernel, could not pass a packet of ours on. */
  tooBig(quoted: QuotedPacket, mtu: number): void {
    const socket = this.#table.get(quoted.key);
    if (socket instanceof TcpSocket && socket.tooBig(quoted, mtu)) return;
    this.drop("icmp.soft error");
  }

  /** Reports what has happened to the flows since the last poll. */
  deliver(): void {
    for (let i = 0; i < this.#dirty.length; i++) this.#dirty[i]?.deliver();
  }

  /** Sends what the flows may send; `output` is open. */
  transmit(now: Millis): void {
    this.#now = now;
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

  // SynVerdict

  accept(syn: PendingSyn): TcpSocket {
    const { key, leastIss } = syn;
    const version = isIpv4(key) ? 4 : 6;
    const { mtu, offload } = this.output;
    const iss = this.#isn.next(key, this.#now);
    const socket = new TcpSocket(this, {
      key,
      state: "SYN-RECEIVED",
      iss: leastIss === undefined ? iss : seqMax(iss, leastIss),
      timestampOffset: this.#isn.timestampOffset(key),
      agreement: agree(syn.offer, version, mtu, offload.tcp),
      irs: syn.irs,
    });
    socket.snd.window.set(syn.segment(), syn.window);
    socket.timestamps.take(syn.tsVal, this.#now);
    this.#table.set(socket);
    this.#halfOpen.answer(syn, socket, this.#now);
    return socket;
  }

  reject(syn: PendingSyn, refusal: Refusal): void {
    if (!this.#halfOpen.delete(syn, this.#now)) return;
    this.#table.delete(syn);
    switch (refusal) {
      case "silent":
        return;
      case "refused":
        // As if nobody listened. RFC 9293 §3.10.7.1.
        answerWithReset(this, syn.key, syn.segment());
        break;
      case "unreachable":
      case "prohibited": {
        const quoted = { protocol: TCP, octets: syn.octets() };
        this.#options.errors.unreachable(syn.key, refusal, quoted, this.#now);
        break;
      }
      default:
        throw new Error(`Unreachable refusal: ${refusal satisfies never}`);
    }
    this.#options.onDirty();
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
    this.#halfOpen.settle(socket);
  }

  remove(socket: TcpSocket): void {
    this.#halfOpen.settle(socket);
    this.#table.delete(socket);
    this.#options.timers.remove(socket);
  }

  enterTimeWait(socket: TcpSocket, now: Millis): void {
    const [oldest] = this.#timeWaits;
    if (oldest !== undefined && this.#timeWaits.size >= MAX_TIME_WAIT) {
      this.#forget(oldest);
    }
    const ended = new TimeWait(socket, now, (ended) => this.#forget(ended));
    this.#timeWaits.add(ended);
    this.#table.set(ended);
    this.#options.timers.schedule(ended);
  }

  mayChallenge(now: Millis): boolean {
    return this.#challenges.take(now);
  }

  #forget(ended: TimeWait): void {
    this.#timeWaits.delete(ended);
    this.#table.delete(ended);
    this.#options.timers.remove(ended);
  }

  /** A SYN for a connection whose SYN-ACK nobody has answered, and not the one that it answers. RFC 9293 §3.10.7.4, fourth step. */
  #isNewSyn(socket: TcpSocket, { flags, seq }: Segment): boolean {
    return socket.state() === "SYN-RECEIVED" &&
      (flags & (SYN | ACK | RST | FIN)) === SYN &&
      seqAdd(seq, 1) !== socket.rcv.rcvNxt;
  }

  #arrivesPending(syn: PendingSyn, segment: Segment): void {
    const { flags, seq } = segment;
    if (flags & RST || (flags & SYN && seq !== syn.irs)) {
      this.#cancel(syn);
      if (!(flags & RST)) this.#listen(syn.key, segment);
    } else if (flags & SYN) {
      this.#halfOpen.refresh(syn, this.#now);
    } else {
      answerWithReset(this, syn.key, segment);
    }
  }

  #cancel(syn: PendingSyn): void {
    this.#halfOpen.delete(syn, this.#now);
    this.#table.delete(syn);
    syn.onCancelled?.();
  }

  /** RFC 9293 §3.10.7.1, §3.10.7.2: no connection has this key. */
  #listen(key: FlowKey, segment: Segment, leastIss?: number): void {
    if (localPort(key) === 0 || remotePort(key) === 0 || sameEnds(key)) {
      this.drop("tcp.land");
      return;
    }
    const { flags } = segment;
    const kind = flags & (SYN | ACK | RST | FIN);
    if (kind !== SYN) {
      // A null segment, or SYN with FIN, is nobody's honest mistake.
      if (kind === 0 || (flags & SYN && flags & (FIN | RST))) {
        this.drop("tcp.flags");
      } else answerWithReset(this, key, segment);
      return;
    }
    const syn = new PendingSyn(key, segment, leastIss, this, this.#now);
    this.#table.set(syn);
    this.#halfOpen.add(syn, this.#now);
  }
}
