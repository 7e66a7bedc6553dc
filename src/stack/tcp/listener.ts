import type { Millis } from "../../base/clock.ts";
import { TCP } from "../../wire/ip_header.ts";
import { ACK, FIN, RST, type Segment, SYN } from "../../wire/tcp.ts";
import {
  type FlowKey,
  isIpv4,
  localPort,
  remotePort,
  sameEnds,
} from "../flow_key.ts";
import type { FlowTable } from "../flow_table.ts";
import type { IcmpErrors, Refusal } from "../icmp_errors.ts";
import { answerWithReset } from "./arrives.ts";
import { HalfOpen } from "./half_open.ts";
import type { TcpHost } from "./host.ts";
import type { IsnGenerator } from "./isn.ts";
import { agree } from "./negotiation.ts";
import { PendingSyn, type SynVerdict } from "./pending_syn.ts";
import { seqMax } from "./seq.ts";
import { TcpSocket } from "./socket.ts";
import type { TimeWait } from "./time_wait.ts";

export interface ListenerOptions {
  readonly host: TcpHost;
  readonly table: FlowTable<TcpSocket | PendingSyn | TimeWait>;
  readonly isn: IsnGenerator;
  readonly errors: IcmpErrors;
  /** A SYN that the application may accept or reject, now or later. */
  readonly onSyn: (syn: PendingSyn) => void;
}

/** LISTEN on every address and port: the SYNs that nobody has answered yet, and what the application makes of them. */
export class Listener implements SynVerdict {
  readonly #options: ListenerOptions;
  readonly #halfOpen: HalfOpen;
  /** Of the last segment or poll: an application answers whenever it likes. */
  now: Millis = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { host, table, onSyn } = options;
    this.#halfOpen = new HalfOpen({
      dial: onSyn,
      cancel: (syn) => {
        host.drop("tcp.pending limit");
        table.delete(syn);
        syn.onCancelled?.();
      },
      evict: (socket) => {
        host.drop("tcp.pending limit");
        socket.forget();
      },
    });
  }

  /** RFC 9293 §3.10.7.1, §3.10.7.2: no connection has this key. */
  arrives(key: FlowKey, segment: Segment, leastIss?: number): void {
    const { host, table } = this.#options;
    if (localPort(key) === 0 || remotePort(key) === 0 || sameEnds(key)) {
      host.drop("tcp.land");
      return;
    }
    const { flags } = segment;
    const kind = flags & (SYN | ACK | RST | FIN);
    if (kind !== SYN) {
      // A null segment, or SYN with FIN, is nobody's honest mistake.
      if (kind === 0 || (flags & SYN && flags & (FIN | RST))) {
        host.drop("tcp.flags");
      } else answerWithReset(host, key, segment);
      return;
    }
    const syn = new PendingSyn(key, segment, leastIss, this, this.now);
    table.set(syn);
    this.#halfOpen.add(syn, this.now);
  }

  /** A segment for a SYN that is pending. */
  arrivesPending(syn: PendingSyn, segment: Segment): void {
    const { flags, seq } = segment;
    if (flags & RST || (flags & SYN && seq !== syn.irs)) {
      this.#forget(syn);
      syn.onCancelled?.();
      if (!(flags & RST)) this.arrives(syn.key, segment);
    } else if (flags & SYN) {
      this.#halfOpen.refresh(syn, this.now);
    } else {
      answerWithReset(this.#options.host, syn.key, segment);
    }
  }

  /** The socket has left SYN-RECEIVED. */
  settle(socket: TcpSocket): void {
    this.#halfOpen.settle(socket);
  }

  // SynVerdict

  accept(syn: PendingSyn): TcpSocket {
    const { key, leastIss } = syn;
    const { host, table, isn } = this.#options;
    const { mtu, offload } = host.output;
    const version = isIpv4(key) ? 4 : 6;
    const iss = isn.next(key, this.now);
    const socket = new TcpSocket(host, {
      key,
      state: "SYN-RECEIVED",
      iss: leastIss === undefined ? iss : seqMax(iss, leastIss),
      timestampOffset: isn.timestampOffset(key),
      agreement: agree(syn.offer, version, mtu, offload.tcp),
      irs: syn.irs,
    });
    socket.snd.window.set(syn.segment(), syn.window);
    socket.timestamps.take(syn.tsVal, this.now);
    table.set(socket);
    this.#halfOpen.answer(syn, socket, this.now);
    return socket;
  }

  reject(syn: PendingSyn, refusal: Refusal): void {
    if (!this.#forget(syn)) return;
    const { host, errors } = this.#options;
    switch (refusal) {
      case "silent":
        return;
      case "refused":
        // As if nobody listened. RFC 9293 §3.10.7.1.
        answerWithReset(host, syn.key, syn.segment());
        break;
      case "unreachable":
      case "prohibited": {
        const quoted = { protocol: TCP, octets: syn.octets() };
        errors.unreachable(syn.key, refusal, quoted, this.now);
        break;
      }
      default:
        throw new Error(`Unreachable refusal: ${refusal satisfies never}`);
    }
    host.markQueued();
  }

  /** False when it was not pending any more. */
  #forget(syn: PendingSyn): boolean {
    if (!this.#halfOpen.delete(syn, this.now)) return false;
    this.#options.table.delete(syn);
    return true;
  }
}
