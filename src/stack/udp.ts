import type { Millis } from "../base/clock.ts";
import { onesComplementSum, pseudoHeaderSum } from "../wire/checksum.ts";
import { type IpHeader, UDP } from "../wire/ip_header.ts";
import type { PacketBuffer } from "../wire/packet_buffer.ts";
import {
  putUdp,
  UDP_CHECKSUM,
  UDP_HEADER,
  udpDestinationPort,
  udpPayloadLength,
  udpSourcePort,
} from "../wire/udp.ts";
import type { Drops } from "./drops.ts";
import {
  createFlowKey,
  type FlowKey,
  localPort,
  readFlowKey,
  remotePort,
} from "./flow_key.ts";
import { FlowTable } from "./flow_table.ts";
import type { QuotedPacket } from "./icmp.ts";
import type { IcmpErrors, Refusal } from "./icmp_errors.ts";
import type { Output } from "./output.ts";
import { TimerQueue } from "./timer_queue.ts";
import { type UdpHost, UdpSession } from "./udp_session.ts";

/** Beyond, the session that has been silent for the longest time makes room. */
const MAX_SESSIONS = 8192;

export interface UdpOptions {
  readonly output: Output;
  readonly drops: Drops;
  /** How long a session lives without a datagram in either direction. */
  readonly timeout: Millis;
  /** A random word. */
  readonly seed: number;
  readonly errors: IcmpErrors;
  readonly onSession: (session: UdpSession) => void;
  /** Something is due for the next poll. */
  readonly onDirty: () => void;
}

/** All UDP sessions. */
export class Udp implements UdpHost {
  readonly timeout: Millis;
  readonly #options: UdpOptions;
  readonly #sessions: FlowTable<UdpSession>;
  /** Of its own, so that its first is the session to give up. */
  readonly #timers = new TimerQueue();
  /** Sessions that have sent since the last poll. */
  readonly #sent: UdpSession[] = [];
  readonly #key = createFlowKey();
  #now: Millis = 0;

  constructor(options: UdpOptions) {
    this.#options = options;
    this.timeout = options.timeout;
    this.#sessions = new FlowTable(options.seed);
  }

  /** A datagram has arrived, or several in a super-packet (USO). */
  receive(packet: PacketBuffer, ip: IpHeader, now: Millis): void {
    this.#now = now;
    const { view } = packet;
    const length = udpPayloadLength(view, ip.payload, ip.payloadLength);
    if (length < 0) {
      this.#options.drops.count("udp.header");
      return;
    }
    if (packet.checksum === "unknown" && !hasGoodChecksum(view, ip, length)) {
      this.#options.drops.count("udp.checksum");
      return;
    }
    const source = udpSourcePort(view, ip.payload);
    const destination = udpDestinationPort(view, ip.payload);
    readFlowKey(this.#key, view, ip, source, destination);
    let start = ip.payload + UDP_HEADER;
    const end = start + length;
    const size = packet.segmentSize > 0 ? packet.segmentSize : length;
    do {
      const next = Math.min(start + size, end);
      this.#deliver(packet.bytes.subarray(start, next));
      start = next;
    } while (start < end);
  }

  /** The application's socket is gone: its session has nobody to answer. RFC 5508 §4.2, RFC 4787 REQ-10. */
  portUnreachable({ key }: QuotedPacket): void {
    const session = this.#sessions.get(key);
    if (session === undefined) this.#options.drops.count("icmp.soft error");
    else session.expire();
  }

  /** Ends the sessions through which nothing has passed. */
  poll(now: Millis): void {
    this.#now = now;
    for (const session of this.#sent) session.refresh();
    this.#sent.length = 0;
    this.#timers.expire(now);
  }

  pollAt(): Millis {
    return this.#timers.next();
  }

  *sessions(): Generator<UdpSession> {
    yield* this.#sessions.values();
  }

  // UdpHost

  now(): Millis {
    return this.#now;
  }

  send(session: UdpSession, payload: Uint8Array, key: FlowKey): boolean {
    if (!this.#options.output.queueUdp(key, payload)) return false;
    this.#sent.push(session);
    this.#options.onDirty();
    return true;
  }

  reject(session: UdpSession, refusal: Refusal, first: Uint8Array): void {
    if (refusal === "silent") return;
    const octets = new Uint8Array(UDP_HEADER + first.length);
    const view = new DataView(octets.buffer);
    const ports = {
      source: remotePort(session.key),
      destination: localPort(session.key),
    };
    putUdp(view, 0, ports, first.length);
    octets.set(first, UDP_HEADER);
    const quoted = { protocol: UDP, octets };
    this.#options.errors.unreachable(session.key, refusal, quoted, this.#now);
    this.#options.onDirty();
  }

  remove(session: UdpSession): void {
    this.#sessions.delete(session);
    this.#timers.remove(session);
  }

  dropped(): void {
    this.#options.drops.count("udp.queue");
  }

  #deliver(payload: Uint8Array): void {
    const known = this.#sessions.get(this.#key);
    if (known !== undefined) {
      known.receive(payload);
      return;
    }
    if (this.#sessions.size() >= MAX_SESSIONS) {
      this.#options.drops.count("udp.sessions");
      this.#timers.first()?.expire(this.#now);
    }
    const session = new UdpSession(this, this.#key);
    this.#sessions.set(session);
    this.#timers.schedule(session);
    session.receive(payload);
    this.#options.onSession(session);
  }
}

/** RFC 768: zero means none in IPv4; RFC 8200 §8.1: not in IPv6. */
function hasGoodChecksum(
  view: DataView,
  ip: IpHeader,
  payloadLength: number,
): boolean {
  if (view.getUint16(ip.payload + UDP_CHECKSUM) === 0) return ip.version === 4;
  const length = UDP_HEADER + payloadLength;
  const pseudo = pseudoHeaderSum(
    view,
    ip.source,
    ip.addressLength,
    UDP,
    length,
  );
  return onesComplementSum(view, ip.payload, length, pseudo) === 0xffff;
}
