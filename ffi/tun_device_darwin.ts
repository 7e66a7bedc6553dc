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
import type { OpenReader, Reader } from "./reader.ts";
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
  readonly #reader: Reader;
  /** Where Deno reads the first packet of a burst while we wait for it. */
  readonly #first = new Uint8Array(UTUN_HEADER + MAX_PACKET);
  /** Octets in `#first` that nobody has received yet. */
  #firstLength = 0;
  #waiting: PromiseWithResolvers<boolean> | undefined;
  #flushing = false;
  #gone = false;

  constructor(
    { fd, name, mtu, batches, lib, openReader }: DarwinTunOptions,
  ) {
    this.name = name;
    this.mtu = mtu;
    this.#fd = fd;
    this.#lib = lib;
    this.#batches = batches;
    this.#reader = openReader({
      fd,
      errors: false,
      buffer: this.#first,
      onArrival: (result) => this.#arrived(result),
    });
  }

  readable(): Promise<boolean> {
    if (this.#gone) return Promise.resolve(false);
    if (this.#firstLength > 0) return Promise.resolve(true);
    if (this.#waiting === undefined) {
      this.#waiting = Promise.withResolvers();
      this.#reader.arm();
    }
    return this.#waiting.promise;
  }

  receive(into: PacketBuffer): boolean {
    while (!this.#gone) {
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
    if (this.#gone) return false;
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
    if (!this.#gone) this.#batches?.flush();
    this.#lose();
    await this.#reader.close();
  }

  /** At the end of the burst, whose packets have all been pushed by then. */
  #flushSoon(batches: PacketBatches): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (!this.#gone) batches.flush();
    });
  }

  #arrived(first: number): void {
    let result = first;
    if (first === -DARWIN_ERRNO.EAGAIN) {
      result = this.#read(this.#first);
      if (result < 0 && this.#lib.errno() === DARWIN_ERRNO.EAGAIN) {
        return this.#reader.arm();
      }
    }
    if (result < 0) return this.#lose();
    this.#firstLength = result;
    this.#settle(true);
  }

  /** Nothing will ever be read or written again. */
  #lose(): void {
    this.#gone = true;
    this.#settle(false);
  }

  #settle(readable: boolean): void {
    this.#waiting?.resolve(readable);
    this.#waiting = undefined;
  }

  /** Octets of the next packet and its header, the header directly before the packet's place; negative where none waits. */
  #take(into: PacketBuffer): number {
    const room = into.bytes.subarray(HEADROOM - UTUN_HEADER);
    if (this.#firstLength > 0) {
      const { length } = copy(this.#first.subarray(0, this.#firstLength), room);
      this.#firstLength = 0;
      return length;
    }
    if (this.#batches === undefined) return this.#read(room);
    const framed = this.#batches.receive();
    return framed === undefined ? -1 : copy(framed, room).length;
  }

  #read(into: Uint8Array<ArrayBuffer>): number {
    return this.#lib.read(this.#fd, into, into.length);
  }
}

/** As much as there is room for. */
function copy(from: Uint8Array, into: Uint8Array): Uint8Array {
  const fitting = from.subarray(0, into.length);
  into.set(fitting);
  return fitting;
}
