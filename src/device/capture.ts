import type { PacketBuffer } from "../wire/packet_buffer.ts";
import type { Device } from "./device.ts";
import {
  type Direction,
  enhancedPacket,
  interfaceDescription,
  sectionHeader,
} from "./pcapng.ts";

/** Longest comment, in characters. */
const MAX_COMMENT = 1000;
/** Comments that wait for a packet; the newest is dropped. */
const MAX_COMMENTS = 256;

export interface CaptureOptions {
  /** Takes a part of the file. What it throws ends the capture. */
  readonly write: (octets: Uint8Array) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told once, when `write` has thrown. */
  readonly onFailure: (error: unknown) => void;
}

/** Writes every packet of some devices to one pcapng file: super-packets whole, checksums as they were handed over. */
export class Capture {
  readonly #options: CaptureOptions;
  #devices = 0;
  #failed = false;
  readonly #comments: string[] = [];

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#write(sectionHeader());
  }

  /** `device` with every packet written that it receives or has sent. */
  of(device: Device): Device {
    const index = this.#devices++;
    this.#write(interfaceDescription(device.name));
    return new CapturedDevice(device, (packet, direction) => {
      this.#note(index, packet, direction);
    });
  }

  /** Says something beside the next packet. */
  comment(text: string): void {
    if (this.#comments.length >= MAX_COMMENTS) return;
    this.#comments.push(text.slice(0, MAX_COMMENT));
  }

  #note(device: number, packet: PacketBuffer, direction: Direction): void {
    const { bytes, start, length } = packet;
    this.#write(enhancedPacket({
      device,
      at: this.#options.now(),
      octets: bytes.subarray(start, start + length),
      direction,
      comment: this.#comments.shift(),
    }));
  }

  #write(octets: Uint8Array): void {
    if (this.#failed) return;
    try {
      this.#options.write(octets);
    } catch (error) {
      this.#failed = true;
      this.#options.onFailure(error);
    }
  }
}

type OnPacket = (packet: PacketBuffer, direction: Direction) => void;

class CapturedDevice implements Device {
  readonly name: string;
  readonly mtu: number;
  readonly offload: Device["offload"];
  readonly #device: Device;
  readonly #onPacket: OnPacket;

  constructor(device: Device, onPacket: OnPacket) {
    this.name = device.name;
    this.mtu = device.mtu;
    this.offload = device.offload;
    this.#device = device;
    this.#onPacket = onPacket;
  }

  readable(): Promise<boolean> {
    return this.#device.readable();
  }

  receive(into: PacketBuffer): boolean {
    if (!this.#device.receive(into)) return false;
    this.#onPacket(into, "in");
    return true;
  }

  send(packet: PacketBuffer): boolean {
    if (!this.#device.send(packet)) return false;
    this.#onPacket(packet, "out");
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#device[Symbol.asyncDispose]() as Promise<void>;
  }
}
