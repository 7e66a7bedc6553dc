import type { Device } from "../src/device/device.ts";
import {
  HEADROOM,
  MAX_PACKET,
  type Offload,
  type PacketBuffer,
} from "../src/wire/packet_buffer.ts";
import { AF_INET6 } from "./constants_darwin.ts";
import { DARWIN_ERRNO } from "./errno_darwin.ts";
import type { LibSystem } from "./libsystem.ts";
import { type PacketBatches, UTUN_HEADER } from "./packet_batches_darwin.ts";
import { PacketArrival } from "./packet_arrival.ts";
import type { OpenReader } from "./reader.ts";
import { AF_INET } from "./sockaddr.ts";

const NO_OFFLOAD: Offload = { tcp: false, udp: false, checksum: false };

export interface DarwinTunOptions {
  /** Of a utun control, non-blocking, connected; taken over. */
  readonly fd: number;
  readonly name: string;
  readonly mtu: number;
  /** Without them each packet is a call of its own. */
  readonly batches: PacketBatches | undefined;
  readonly lib: LibSystem;
  readonly openReader: OpenReader;
}

/** A utun device whose link is up. Whoever closes its descriptor ends it, and nobody else can. */
export class DarwinTun implements Device {
  readonly name: string;
  readonly mtu: number;
  readonly offload = NO_OFFLOAD;
  readonly #fd: number;
  readonly #lib: LibSystem;
  readonly #batches: PacketBatches | undefined;
  readonly #arrival: PacketArrival;
  #flushing = false;

  constructor(
    { fd, name, mtu, batches, lib, openReader }: DarwinTunOptions,
  ) {
    this.name = name;
    this.mtu = mtu;
    this.#fd = fd;
    this.#lib = lib;
    this.#batches = batches;
    this.#arrival = new PacketArrival({
      ...{ fd, openReader, errno: lib.errno, eagain: DARWIN_ERRNO.EAGAIN },
      size: UTUN_HEADER + MAX_PACKET,
      read: (into) => lib.read(fd, into, into.length),
    });
  }

  readable(): Promise<boolean> {
    return this.#arrival.readable();
  }

  receive(into: PacketBuffer): boolean {
    while (!this.#arrival.gone) {
      const octets = this.#take(into);
      if (octets < 0) return false;
      if (octets <= UTUN_HEADER) continue;
      into.start = HEADROOM;
      into.length = octets - UTUN_HEADER;
      into.checksum = "unknown";
      into.segmentSize = 0;
      return true;
    }
    return false;
  }

  send(packet: PacketBuffer): boolean {
    if (this.#arrival.gone) return false;
    const { bytes, view, start, length } = packet;
    const at = start - UTUN_HEADER;
    const ipv4 = view.getUint8(start) >>> 4 === 4;
    view.setUint32(at, ipv4 ? AF_INET : AF_INET6);
    const framed = bytes.subarray(at, start + length);
    if (this.#batches === undefined) {
      return this.#lib.write(this.#fd, framed, framed.length) >= 0;
    }
    const slot = this.#batches.slot();
    // The kernel has no use for what is larger than the device's packets.
    if (framed.length > slot.length) return false;
    slot.set(framed);
    this.#flushSoon(this.#batches);
    return this.#batches.push(framed.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#arrival.gone) this.#batches?.flush();
    await this.#arrival.close();
  }

  /** At the end of the burst, whose packets have all been pushed by then. */
  #flushSoon(batches: PacketBatches): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (!this.#arrival.gone) batches.flush();
    });
  }

  /** Octets of the next packet and its header, the header directly before the packet's place; negative where none waits. */
  #take(into: PacketBuffer): number {
    const room = into.bytes.subarray(HEADROOM - UTUN_HEADER);
    if (this.#arrival.length > 0) return this.#arrival.take(room);
    if (this.#batches === undefined) {
      return this.#lib.read(this.#fd, room, room.length);
    }
    const framed = this.#batches.receive();
    if (framed === undefined) return -1;
    const fitting = framed.subarray(0, room.length);
    room.set(fitting);
    return fitting.length;
  }
}
