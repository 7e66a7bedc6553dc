import type { Millis } from "../base/clock.ts";
import { onesComplementSum, pseudoHeaderSum } from "../wire/checksum.ts";
import {
  createIpHeader,
  ICMP,
  ICMPV6,
  type IpHeader,
  TCP,
  UDP,
} from "../wire/ip_header.ts";
import { parseIpv4 } from "../wire/ipv4.ts";
import { parseIpv6, skipExtensions } from "../wire/ipv6.ts";
import type { Offload, PacketBuffer } from "../wire/packet_buffer.ts";
import { createSegment, parseTcp } from "../wire/tcp.ts";
import { BufferPool } from "./buffer_pool.ts";
import { type DropReason, Drops } from "./drops.ts";
import { createFlowKey, type FlowKey, readFlowKey } from "./flow_key.ts";
import { type EchoPolicy, IcmpInput } from "./icmp.ts";
import { IcmpErrors } from "./icmp_errors.ts";
import { IpErrors } from "./ip_errors.ts";
import { addressProblem } from "./martian.ts";
import { type Emit, Output } from "./output.ts";
import { fragmentProblem, Reassembly } from "./reassembly.ts";
import type { PendingSyn } from "./tcp/pending_syn.ts";
import type { TcpSocket } from "./tcp/socket.ts";
import { Tcp } from "./tcp/tcp.ts";
import { TimerQueue } from "./timer_queue.ts";
import { Udp } from "./udp.ts";
import type { UdpSession } from "./udp_session.ts";

/** The sans-IO TCP/IP stack: no clock, no promise, no device inside. One per device queue, nothing global. */
export interface Stack {
  /** Feeds one packet or super-packet. Keeps no reference to it. `now` is when the burst was read, not when it is processed. */
  receive(packet: PacketBuffer, now: Millis): void;
  /**
   * Fires due timers, reports to the flows' owners what has happened, and emits every packet that may leave, as
   * super-packets where the offload allows. To be called after each burst. Spurious calls are harmless.
   */
  poll(now: Millis, emit: Emit): void;
  /** When `poll` must next run: changes with every call of the stack or of one of its flows. Infinity when nothing is pending. */
  pollAt(): Millis;
  /** Active open from `key`'s local end (us) to its remote one; undefined when that connection exists. */
  connect(key: FlowKey): TcpSocket | undefined;
  /** Packets dropped so far, by reason. */
  drops(): ReadonlyMap<DropReason, number>;
  countDrop(reason: DropReason): void;
  tcpSockets(): Iterable<TcpSocket>;
  udpSessions(): Iterable<UdpSession>;
}

export interface StackOptions {
  readonly mtu: number;
  readonly offload: Offload;
  /** Fills an array with unpredictable octets. */
  readonly random: (into: Uint8Array) => void;
  /** Whose echo requests are answered now. Default: those to `gateways`. */
  readonly echo?: () => EchoPolicy;
  /** Our own addresses, as `wire/address.ts` formats them. */
  readonly gateways: ReadonlySet<string>;
  /** Directed broadcast addresses of the device's IPv4 prefixes, as signed 32-bit integers. */
  readonly broadcasts: ReadonlySet<number>;
  /** How long a UDP session lives without a datagram in either direction. */
  readonly udpTimeout: Millis;
  /** A SYN that may be accepted or rejected, now or later. */
  readonly onSyn: (syn: PendingSyn) => void;
  /** A datagram that belongs to no session; it waits in the new one. */
  readonly onSession: (session: UdpSession) => void;
  /** A poll is due, because of something that came neither from `receive` nor from `poll`. */
  readonly onDirty: () => void;
}

export function createStack(options: StackOptions): Stack {
  return new IpStack(options);
}

class IpStack implements Stack {
  readonly #options: StackOptions;
  readonly #output: Output;
  readonly #timers = new TimerQueue();
  readonly #drops = new Drops();
  readonly #tcp: Tcp;
  readonly #udp: Udp;
  readonly #icmp: IcmpInput;
  readonly #errors: IpErrors;
  readonly #reassembly = new Reassembly({
    onDrop: (reason) => this.#drops.count(reason),
    onTimeout: (first) => this.#errors.reassemblyTimeout(first, this.#now),
  });
  readonly #ip = createIpHeader();
  readonly #segment = createSegment();
  readonly #key = createFlowKey();
  /** Within `receive` or `poll`: whoever called polls anyway. */
  #busy = false;
  #now: Millis = 0;

  constructor(options: StackOptions) {
    this.#options = options;
    const random = new Int32Array(7);
    options.random(new Uint8Array(random.buffer));
    const [tcpSeed = 0, udpSeed = 0, identification = 0] = random.subarray(4);
    const { mtu, offload } = options;
    this.#output = new Output({ mtu, offload, identification });
    const errors = new IcmpErrors(this.#output, this.#drops);
    this.#errors = new IpErrors(errors, options.gateways);
    this.#icmp = new IcmpInput({
      output: this.#output,
      echo: options.echo ?? (() => "gateway"),
      gateways: options.gateways,
      listener: {
        tcpTooBig: (quoted, mtu) => this.#tcp.tooBig(quoted, mtu),
        udpPortUnreachable: (quoted) => this.#udp.portUnreachable(quoted),
      },
    });
    const shared = {
      output: this.#output,
      drops: this.#drops,
      errors,
      onDirty: () => this.#onDirty(),
    };
    this.#tcp = new Tcp({
      ...shared,
      pool: new BufferPool(),
      timers: this.#timers,
      secret: random.slice(0, 4),
      seed: tcpSeed,
      onSyn: options.onSyn,
    });
    this.#udp = new Udp({
      ...shared,
      seed: udpSeed,
      timeout: options.udpTimeout,
      onSession: options.onSession,
    });
  }

  receive(packet: PacketBuffer, now: Millis): void {
    this.#busy = true;
    this.#now = now;
    const reason = this.#receive(packet, now);
    if (reason !== undefined) this.#drops.count(reason);
    this.#busy = false;
  }

  poll(now: Millis, emit: Emit): void {
    this.#busy = true;
    this.#now = now;
    this.#timers.expire(now);
    this.#udp.poll(now);
    this.#reassembly.expire(now);
    this.#tcp.deliver();
    this.#output.flush(emit);
    this.#tcp.transmit(now);
    this.#busy = false;
  }

  pollAt(): Millis {
    if (this.#tcp.isDirty() || !this.#output.isEmpty()) return -Infinity;
    return Math.min(
      this.#timers.next(),
      this.#udp.pollAt(),
      this.#reassembly.next(),
    );
  }

  connect(key: FlowKey): TcpSocket | undefined {
    return this.#tcp.connect(key);
  }

  drops(): ReadonlyMap<DropReason, number> {
    return this.#drops.counts();
  }

  countDrop(reason: DropReason): void {
    this.#drops.count(reason);
  }

  tcpSockets(): Iterable<TcpSocket> {
    return this.#tcp.sockets();
  }

  udpSessions(): Iterable<UdpSession> {
    return this.#udp.sessions();
  }

  #onDirty(): void {
    if (!this.#busy) this.#options.onDirty();
  }

  #receive(packet: PacketBuffer, now: Millis): DropReason | undefined {
    const ip = this.#ip;
    const { view, start, length } = packet;
    if (length < 1) return "ip.length";
    const version = view.getUint8(start) >> 4;
    if (version !== 4 && version !== 6) return "ip.version";
    const malformed = version === 4
      ? parseIpv4(view, start, length, ip)
      : parseIpv6(view, start, length, ip);
    if (malformed !== undefined) {
      this.#errors.malformed(packet, ip, malformed, now);
      return malformed;
    }
    const problem = addressProblem(view, ip, this.#options.broadcasts);
    if (problem !== undefined) return problem;
    if (ip.moreFragments || ip.fragmentOffset > 0) {
      return this.#receiveFragment(packet, ip, now);
    }
    const reason = this.#demux(packet, ip, now);
    if (reason === "ip.protocol") {
      this.#errors.unknownProtocol(packet, ip, now);
    }
    return reason;
  }

  #receiveFragment(
    packet: PacketBuffer,
    ip: IpHeader,
    now: Millis,
  ): DropReason | undefined {
    const problem = fragmentProblem(packet.view, ip);
    if (problem !== undefined) {
      this.#errors.fragment(packet, ip, problem, now);
      return problem === "header chain"
        ? "fragment.header chain"
        : "fragment.malformed";
    }
    const whole = this.#reassembly.receive(packet, ip, now);
    if (whole === undefined) return undefined;
    // What was cut may begin with extension headers. RFC 8200 §4.5.
    const malformed = ip.version === 6
      ? skipExtensions(whole.view, ip)
      : undefined;
    return malformed ?? this.#demux(whole, ip, now);
  }

  #demux(
    packet: PacketBuffer,
    ip: IpHeader,
    now: Millis,
  ): DropReason | undefined {
    const { protocol, version } = ip;
    if (protocol === TCP) return this.#receiveTcp(packet, ip, now);
    if (protocol === UDP) {
      this.#udp.receive(packet, ip, now);
      return undefined;
    }
    if (protocol === (version === 4 ? ICMP : ICMPV6)) {
      return this.#icmp.receive(packet.view, packet.bytes, ip);
    }
    return "ip.protocol";
  }

  #receiveTcp(
    packet: PacketBuffer,
    ip: IpHeader,
    now: Millis,
  ): DropReason | undefined {
    const { view } = packet;
    const segment = this.#segment;
    if (packet.checksum === "unknown" && !hasGoodChecksum(view, ip)) {
      return "tcp.checksum";
    }
    if (!parseTcp(view, ip.payload, ip.payloadLength, segment)) {
      return "tcp.header";
    }
    const { sourcePort, destinationPort } = segment;
    readFlowKey(this.#key, view, ip, sourcePort, destinationPort);
    this.#tcp.receive(this.#key, segment, packet.bytes, now);
    return undefined;
  }
}

/** RFC 9293 §3.1 (MUST-3). */
function hasGoodChecksum(view: DataView, ip: IpHeader): boolean {
  const { payload, payloadLength } = ip;
  const pseudo = pseudoHeaderSum(
    view,
    ip.source,
    ip.addressLength,
    TCP,
    payloadLength,
  );
  return onesComplementSum(view, payload, payloadLength, pseudo) === 0xffff;
}
