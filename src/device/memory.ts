import { assert } from "../base/assert.ts";
import {
  copyPacket,
  createPacketBuffer,
  MAX_PACKET,
  type Offload,
  type PacketBuffer,
} from "../wire/packet_buffer.ts";
import type { Device } from "./device.ts";

export interface DevicePairOptions {
  readonly mtu: number;
  /** What both ends take. Default: nothing. */
  readonly offload?: Offload;
  /** Packets that wait at each end before further ones are lost. */
  readonly queueLength?: number;
}

const NO_OFFLOAD: Offload = { tcp: false, udp: false, checksum: false };

/** Two devices back to back: what one sends, the other receives. A checksum not left to the other end is to be verified there. */
export function createDevicePair(
  { mtu, offload = NO_OFFLOAD, queueLength = 256 }: DevicePairOptions,
): readonly [Device, Device] {
  const capacity = offload.tcp || offload.udp ? MAX_PACKET : mtu;
  const left = new PacketQueue(queueLength, capacity);
  const right = new PacketQueue(queueLength, capacity);
  return [
    new MemoryDevice({ name: "memory0", mtu, offload }, left, right),
    new MemoryDevice({ name: "memory1", mtu, offload }, right, left),
  ];
}

class MemoryDevice implements Device {
  readonly name: string;
  readonly mtu: number;
  readonly offload: Offload;
  readonly #inbox: PacketQueue;
  readonly #outbox: PacketQueue;

  constructor(
    { name, mtu, offload }: Pick<Device, "name" | "mtu" | "offload">,
    inbox: PacketQueue,
    outbox: PacketQueue,
  ) {
    this.name = name;
    this.mtu = mtu;
    this.offload = offload;
    this.#inbox = inbox;
    this.#outbox = outbox;
  }

  readable(): Promise<boolean> {
    return this.#inbox.filled();
  }

  receive(into: PacketBuffer): boolean {
    return this.#inbox.take(into);
  }

  send(packet: PacketBuffer): boolean {
    const { tcp, udp, checksum } = this.offload;
    assert(tcp || udp || packet.segmentSize === 0, "unexpected super-packet");
    assert(checksum || packet.checksum !== "partial", "unexpected checksum");
    return !this.#inbox.closed && this.#outbox.put(packet);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#inbox.close();
    return Promise.resolve();
  }
}

/** First in, first out; a full or closed queue refuses. */
class PacketQueue {
  readonly #length: number;
  readonly #capacity: number;
  /** Used in turn, made when first needed. */
  readonly #slots: PacketBuffer[] = [];
  #first = 0;
  #count = 0;
  #waiting: PromiseWithResolvers<boolean> | undefined;
  #closed = false;

  /** `capacity` is the longest packet in octets. */
  constructor(length: number, capacity: number) {
    this.#length = length;
    this.#capacity = capacity;
  }

  get closed(): boolean {
    return this.#closed;
  }

  filled(): Promise<boolean> {
    if (this.#closed || this.#count > 0) return Promise.resolve(!this.#closed);
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  put(packet: PacketBuffer): boolean {
    if (this.#closed || this.#count === this.#length) return false;
    const at = (this.#first + this.#count) % this.#length;
    const slot = this.#slots[at] ??= createPacketBuffer(this.#capacity);
    copyPacket(packet, slot);
    if (packet.checksum === "good") slot.checksum = "unknown";
    this.#count++;
    this.#settle(true);
    return true;
  }

  take(into: PacketBuffer): boolean {
    const slot = this.#slots[this.#first];
    if (this.#closed || this.#count === 0 || slot === undefined) return false;
    copyPacket(slot, into);
    this.#first = (this.#first + 1) % this.#length;
    this.#count--;
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#settle(false);
  }

  #settle(filled: boolean): void {
    this.#waiting?.resolve(filled);
    this.#waiting = undefined;
  }
}
