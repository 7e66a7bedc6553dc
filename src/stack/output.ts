import { onesComplementSum, pseudoHeaderSum } from "../wire/checksum.ts";
import { ICMP_CHECKSUM } from "../wire/icmp.ts";
import { ICMP, ICMPV6, TCP, UDP } from "../wire/ip_header.ts";
import { IPV4_HEADER, putIpv4, sealIpv4 } from "../wire/ipv4.ts";
import { IPV6_HEADER, putIpv6 } from "../wire/ipv6.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type Offload,
  type PacketBuffer,
} from "../wire/packet_buffer.ts";
import { putTcp, type Segment, TCP_CHECKSUM } from "../wire/tcp.ts";
import { putUdp, UDP_CHECKSUM, UDP_HEADER } from "../wire/udp.ts";
import {
  type FlowKey,
  isIpv4,
  localPort,
  putAddresses,
  remotePort,
} from "./flow_key.ts";
import { cutIntoFragments } from "./fragment.ts";

/** False: the device's queue was full and the packet is lost. */
export type Emit = (packet: PacketBuffer) => boolean;

export interface OutputOptions {
  readonly mtu: number;
  readonly offload: Offload;
  /** Where the identification of packets starts: 16 random bits. */
  readonly identification: number;
}

/** What may wait for the next `flush`, in octets: some datagrams of the largest size, some thousand resets. The newest is dropped. */
const QUEUE_OCTETS = 512 * 1024;

type TransportProtocol = typeof ICMP | typeof TCP | typeof UDP | typeof ICMPV6;

const CHECKSUM_AT: { readonly [P in TransportProtocol]: number } = {
  [ICMP]: ICMP_CHECKSUM,
  [TCP]: TCP_CHECKSUM,
  [UDP]: UDP_CHECKSUM,
  [ICMPV6]: ICMP_CHECKSUM,
};

/** Writes a transport header and what follows it at `at`, the checksum zero. */
export type PutMessage = (
  view: DataView,
  at: number,
  octets: Uint8Array,
) => void;

/** A packet in the arena: it begins where the one before it ends. */
interface Queued {
  readonly end: number;
  /** Only the pseudo-header sum is in place. */
  readonly partial: boolean;
  readonly protocol: number;
}

/**
 * Puts headers in front of payloads and hands packets to the device. TCP writes its payload straight to its place in the
 * one buffer that all packets leave from; whatever else is to be sent, at any time, waits in an arena until `flush`.
 */
export class Output {
  readonly packet: PacketBuffer = createPacketBuffer();
  readonly mtu: number;
  readonly offload: Offload;
  #identification: number;
  #emit: Emit = () => false;
  #fragment: PacketBuffer | undefined;
  readonly #arena = new Uint8Array(QUEUE_OCTETS);
  readonly #arenaView = new DataView(this.#arena.buffer);
  readonly #queued: Queued[] = [];

  constructor(options: OutputOptions) {
    this.mtu = options.mtu;
    this.offload = options.offload;
    this.#identification = options.identification;
  }

  /** Sends what waits; what is sent from now on goes through `emit` too. */
  flush(emit: Emit): void {
    this.#emit = emit;
    let start = 0;
    for (const { end, partial, protocol } of this.#queued) {
      const length = end - start;
      this.packet.bytes.set(this.#arena.subarray(start, end), HEADROOM);
      start = end;
      // A local kernel takes a packet of any size from a device that speaks virtio_net_hdr (measured); others want fragments.
      if (length > this.mtu && !partial) this.#sendFragments(length, protocol);
      else this.#send(this.packet, length, partial ? "partial" : "good", 0);
    }
    this.#queued.length = 0;
  }

  isEmpty(): boolean {
    return this.#queued.length === 0;
  }

  /** Where in `packet` the flow's transport header stands; what follows it is the sender's to fill. */
  transportAt(key: FlowKey): number {
    return HEADROOM + (isIpv4(key) ? IPV4_HEADER : IPV6_HEADER);
  }

  /**
   * Sends a segment whose options and payload are in place. `segmentSize` > 0 makes it a super-packet, which only a
   * device with `offload.tcp` takes.
   */
  sendTcp(
    key: FlowKey,
    segment: Readonly<Segment>,
    headerLength: number,
    segmentSize: number,
  ): boolean {
    const at = this.transportAt(key);
    const view = this.packet.view;
    const length = headerLength + segment.payloadLength;
    putTcp(view, at, segment, headerLength);
    this.#putIp(view, HEADROOM, key, TCP, length);
    if (this.offload.checksum) {
      view.setUint16(at + TCP_CHECKSUM, pseudoSum(view, key, at, TCP, length));
      return this.#send(
        this.packet,
        at - HEADROOM + length,
        "partial",
        segmentSize,
      );
    }
    view.setUint16(
      at + TCP_CHECKSUM,
      ~transportSum(view, key, at, TCP, length),
    );
    return this.#send(this.packet, at - HEADROOM + length, "good", segmentSize);
  }

  /** Queues a datagram; false when too much waits and it is dropped. */
  queueUdp(key: FlowKey, payload: Uint8Array): boolean {
    const length = UDP_HEADER + payload.length;
    const partial = this.offload.checksum;
    return this.#queue(key, UDP, length, partial, (view, at, octets) => {
      const ports = { source: localPort(key), destination: remotePort(key) };
      putUdp(view, at, ports, payload.length);
      octets.set(payload, at + UDP_HEADER);
    });
  }

  /** Queues a segment of `length` octets, all of them header, that answers one without a flow. `putOptions` gets where it begins. */
  queueTcp(
    key: FlowKey,
    segment: Readonly<Segment>,
    length: number,
    putOptions?: PutMessage,
  ): void {
    this.#queue(key, TCP, length, false, (view, at, octets) => {
      putTcp(view, at, segment, length);
      putOptions?.(view, at, octets);
    });
  }

  /** Queues an ICMP message of `length` octets. */
  queueIcmp(key: FlowKey, length: number, put: PutMessage): void {
    this.#queue(key, isIpv4(key) ? ICMP : ICMPV6, length, false, put);
  }

  #queue(
    key: FlowKey,
    protocol: TransportProtocol,
    length: number,
    partial: boolean,
    put: PutMessage,
  ): boolean {
    const start = this.#queued.at(-1)?.end ?? 0;
    const at = start + this.transportAt(key) - HEADROOM;
    if (at + length > QUEUE_OCTETS) return false;
    const view = this.#arenaView;
    put(view, at, this.#arena);
    this.#putIp(view, start, key, protocol, length);
    const sum = partial
      ? pseudoSum(view, key, at, protocol, length)
      : ~transportSum(view, key, at, protocol, length) & 0xffff;
    // RFC 768: a datagram's sum of zero is sent as all ones, because zero means none.
    view.setUint16(
      at + CHECKSUM_AT[protocol],
      sum === 0 && protocol === UDP ? 0xffff : sum,
    );
    this.#queued.push({ end: at + length, partial, protocol });
    return true;
  }

  #putIp(
    view: DataView,
    start: number,
    key: FlowKey,
    protocol: number,
    payloadLength: number,
  ): void {
    // RFC 6864 §4.3: unique within the lifetime of a datagram that may be fragmented; meaningless in all others.
    this.#identification = (this.#identification + 1) & 0xffff;
    if (isIpv4(key)) {
      putIpv4(view, start, {
        payloadLength,
        protocol,
        identification: this.#identification,
        dontFragment: protocol === TCP,
      });
      putAddresses(key, view, start + 12);
      sealIpv4(view, start);
    } else {
      putIpv6(view, start, { payloadLength, nextHeader: protocol });
      putAddresses(key, view, start + 8);
    }
  }

  #sendFragments(length: number, protocol: number): void {
    const into = this.#fragment ??= createPacketBuffer(this.mtu);
    this.packet.length = length;
    cutIntoFragments(this.packet, into, {
      mtu: this.mtu,
      protocol,
      identification: this.#identification,
    }, () => this.#send(into, into.length, "good", 0));
  }

  #send(
    packet: PacketBuffer,
    length: number,
    checksum: PacketBuffer["checksum"],
    segmentSize: number,
  ): boolean {
    packet.start = HEADROOM;
    packet.length = length;
    packet.checksum = checksum;
    packet.segmentSize = segmentSize;
    return this.#emit(packet);
  }
}

/** Of the pseudo-header; the addresses stand right before the transport header at `at`. */
function pseudoSum(
  view: DataView,
  key: FlowKey,
  at: number,
  protocol: number,
  length: number,
): number {
  const addressLength = isIpv4(key) ? 4 : 16;
  const addresses = at - 2 * addressLength;
  return pseudoHeaderSum(view, addresses, addressLength, protocol, length);
}

/** Of pseudo-header (which ICMP for IPv4 has not), transport header with a checksum of zero, and payload. */
function transportSum(
  view: DataView,
  key: FlowKey,
  at: number,
  protocol: number,
  length: number,
): number {
  const start = protocol === ICMP
    ? 0
    : pseudoSum(view, key, at, protocol, length);
  return onesComplementSum(view, at, length, start);
}
