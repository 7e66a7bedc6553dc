import type { Device } from "../../src/device/device.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../../src/wire/packet_buffer.ts";

const IP = 20;
const TCP = 20;
const FIN = 0x01;
const SYN = 0x02;
const ACK = 0x10;
const PSH = 0x08;
const WINDOW = 65_535;
/** Maximum segment size 1380 and window scale 7. */
const SYN_OPTIONS = [2, 4, 0x05, 0x64, 1, 3, 3, 7];

/** What the kernel said of a packet with payload. */
export interface Segment {
  readonly length: number;
  readonly segmentSize: number;
  readonly checksum: PacketBuffer["checksum"];
}

/** The far end of one TCP connection over IPv4, on a device that loses nothing: answers a SYN, acknowledges, sends on request. */
export class TcpPeer {
  /** Of every packet with payload, in order. */
  readonly segments: Segment[] = [];
  readonly #device: Device;
  readonly #in = createPacketBuffer();
  readonly #out = createPacketBuffer();
  #received: Uint8Array[] = [];
  #rcvNxt = 0;
  #sndNxt = 1;
  /** Addresses and ports of the peer's packets, to be turned round. */
  #addresses = new Uint8Array(8);
  #ports = new Uint8Array(4);

  constructor(device: Device) {
    this.#device = device;
  }

  /** Serves the connection until the device is closed. */
  async serve(): Promise<void> {
    while (await this.#device.readable()) {
      while (this.#device.receive(this.#in)) this.#handle(this.#in);
    }
  }

  get received(): Uint8Array {
    return Uint8Array.from(this.#received.flatMap((part) => [...part]));
  }

  /** One super-packet, cut by the device into segments of `segmentSize` octets. False when it was refused. */
  send(payload: Uint8Array, segmentSize: number): boolean {
    const sent = this.#emit(ACK | PSH, payload, segmentSize);
    this.#sndNxt += payload.length;
    return sent;
  }

  #handle({ bytes, view, start, length, ...said }: PacketBuffer): void {
    if (view.getUint8(start) !== 0x45 || view.getUint8(start + 9) !== 6) return;
    const tcp = start + IP;
    const flags = view.getUint8(tcp + 13);
    const payload = tcp + (view.getUint8(tcp + 12) >> 4) * 4;
    const octets = bytes.slice(payload, start + length);
    const seq = view.getUint32(tcp + 4);
    if ((flags & SYN) !== 0) {
      this.#addresses = bytes.slice(start + 12, start + 20);
      this.#ports = bytes.slice(tcp, tcp + 4);
      this.#rcvNxt = seq + 1;
      this.#sndNxt = 0;
      this.#emit(SYN | ACK, Uint8Array.from(SYN_OPTIONS), 0);
      this.#sndNxt = 1;
      return;
    }
    if (seq !== this.#rcvNxt >>> 0) return;
    if (octets.length > 0) {
      this.segments.push({ length, ...said });
      this.#received.push(octets);
    }
    this.#rcvNxt += octets.length + (flags & FIN);
    if (octets.length > 0 || (flags & FIN) !== 0) {
      this.#emit(ACK, new Uint8Array(), 0);
    }
  }

  /** `after` is what follows the fixed header: options with SYN, payload otherwise. */
  #emit(flags: number, after: Uint8Array, segmentSize: number): boolean {
    const packet = this.#out;
    const { bytes, view } = packet;
    const tcp = HEADROOM + IP;
    const header = TCP + ((flags & SYN) !== 0 ? after.length : 0);
    bytes.fill(0, HEADROOM, tcp + TCP);
    packet.start = HEADROOM;
    packet.length = IP + TCP + after.length;
    packet.checksum = "partial";
    packet.segmentSize = segmentSize;
    view.setUint8(HEADROOM, 0x45);
    view.setUint16(HEADROOM + 2, packet.length);
    view.setUint8(HEADROOM + 8, 64);
    view.setUint8(HEADROOM + 9, 6);
    bytes.set(this.#addresses.subarray(4), HEADROOM + 12);
    bytes.set(this.#addresses.subarray(0, 4), HEADROOM + 16);
    view.setUint16(HEADROOM + 10, ~sum(view, HEADROOM, tcp, 0));
    bytes.set(this.#ports.subarray(2), tcp);
    bytes.set(this.#ports.subarray(0, 2), tcp + 2);
    view.setUint32(tcp + 4, this.#sndNxt);
    view.setUint32(tcp + 8, this.#rcvNxt);
    view.setUint8(tcp + 12, (header / 4) << 4);
    view.setUint8(tcp + 13, flags);
    view.setUint16(tcp + 14, WINDOW);
    bytes.set(after, tcp + TCP);
    const length = 6 + packet.length - IP;
    view.setUint16(tcp + 16, sum(view, HEADROOM + 12, tcp, length));
    return this.#device.send(packet);
  }
}

function sum(
  view: DataView,
  from: number,
  to: number,
  initial: number,
): number {
  let total = initial;
  for (let i = from; i < to; i += 2) total += view.getUint16(i);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}
