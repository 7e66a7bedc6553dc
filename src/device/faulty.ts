import { randomOf } from "../base/seeded_random.ts";
import {
  copyPacket,
  createPacketBuffer,
  type PacketBuffer,
} from "../wire/packet_buffer.ts";
import type { Device } from "./device.ts";

/** Probabilities from 0 to 1, of each packet in each direction. A super-packet is one packet. */
export interface Faults {
  readonly loss: number;
  /** It comes behind the next one, or at the end of its burst. */
  readonly reorder: number;
  readonly duplicate: number;
  /** The same seed and packets have the same faults. */
  readonly seed: number;
}

/** `device` on a bad link. */
export function faulty(device: Device, faults: Faults): Device {
  return new FaultyDevice(device, faults);
}

class FaultyDevice implements Device {
  readonly name: string;
  readonly mtu: number;
  readonly offload: Device["offload"];
  readonly #device: Device;
  readonly #faults: Faults;
  readonly #random: () => number;
  /** What is to be received, and sent, behind the next packet. */
  #lateIn: PacketBuffer | undefined;
  #lateOut: PacketBuffer | undefined;
  /** The next packet has been received: it is the late one's turn. */
  #overtaken = false;

  constructor(device: Device, faults: Faults) {
    this.name = device.name;
    this.mtu = device.mtu;
    this.offload = device.offload;
    this.#device = device;
    this.#faults = faults;
    this.#random = randomOf(faults.seed);
  }

  /** Asked once per burst: what is late has been late enough. */
  readable(): Promise<boolean> {
    this.#sendLate();
    const waits = this.#lateIn !== undefined;
    return waits ? Promise.resolve(true) : this.#device.readable();
  }

  receive(into: PacketBuffer): boolean {
    const { loss, reorder, duplicate } = this.#faults;
    if (this.#overtaken) return this.#receiveLate(into);
    while (this.#device.receive(into)) {
      if (this.#happens(loss)) continue;
      const isFree = this.#lateIn === undefined;
      if (isFree && this.#happens(reorder)) {
        this.#lateIn = clone(into);
        continue;
      }
      if (isFree && this.#happens(duplicate)) this.#lateIn = clone(into);
      this.#overtaken = this.#lateIn !== undefined;
      return true;
    }
    return this.#receiveLate(into);
  }

  /** What is lost on the link was sent all the same. */
  send(packet: PacketBuffer): boolean {
    if (this.#happens(this.#faults.loss)) return true;
    if (this.#lateOut === undefined && this.#happens(this.#faults.reorder)) {
      this.#lateOut = clone(packet);
      return true;
    }
    const sent = this.#device.send(packet);
    if (this.#happens(this.#faults.duplicate)) this.#device.send(packet);
    this.#sendLate();
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device[Symbol.asyncDispose]();
  }

  #receiveLate(into: PacketBuffer): boolean {
    const late = this.#lateIn;
    this.#lateIn = undefined;
    this.#overtaken = false;
    if (late === undefined) return false;
    copyPacket(late, into);
    return true;
  }

  #sendLate(): void {
    const late = this.#lateOut;
    this.#lateOut = undefined;
    if (late !== undefined) this.#device.send(late);
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#random() < probability;
  }
}

function clone(packet: PacketBuffer): PacketBuffer {
  const own = createPacketBuffer(packet.length);
  copyPacket(packet, own);
  return own;
}
