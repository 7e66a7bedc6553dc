import type { Device } from "../../src/device/device.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../../src/wire/packet_buffer.ts";

export interface DelayLineOptions {
  /** One way, in ms. */
  readonly latency: number;
  /** Whether the link loses this packet. */
  readonly loses: (octets: Uint8Array) => boolean;
}

interface InFlight {
  readonly at: number;
  readonly to: Device;
  readonly octets: Uint8Array;
}

/** A link between two TUNs: what one device hands out reaches the other `latency` later. No `netem` is needed for it. */
export class DelayLine implements AsyncDisposable {
  readonly #options: DelayLineOptions;
  readonly #ends: readonly [Device, Device];
  readonly #out = createPacketBuffer();
  /** In order of `at`, which the order of arrival is. */
  readonly #wire: InFlight[] = [];
  readonly #running: Promise<unknown>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes the devices over. */
  constructor(ends: readonly [Device, Device], options: DelayLineOptions) {
    this.#options = options;
    this.#ends = ends;
    this.#running = Promise.all([
      this.#read(ends[0], ends[1]),
      this.#read(ends[1], ends[0]),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end[Symbol.asyncDispose]();
    await this.#running;
    clearTimeout(this.#timer);
  }

  async #read(from: Device, to: Device): Promise<void> {
    const packet = createPacketBuffer();
    while (await from.readable()) {
      const at = performance.now() + this.#options.latency;
      while (from.receive(packet)) this.#carry(packet, at, to);
      this.#deliver();
    }
  }

  #carry({ bytes, start, length }: PacketBuffer, at: number, to: Device): void {
    const octets = bytes.slice(start, start + length);
    if (!this.#options.loses(octets)) this.#wire.push({ at, to, octets });
  }

  #deliver(): void {
    const now = performance.now();
    let due = 0;
    for (const { at, to, octets } of this.#wire) {
      if (at > now) break;
      due++;
      this.#send(to, octets);
    }
    this.#wire.splice(0, due);
    const [next] = this.#wire;
    if (next === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#deliver();
    }, Math.max(0, next.at - now));
  }

  #send(to: Device, octets: Uint8Array): void {
    const packet = this.#out;
    packet.bytes.set(octets, HEADROOM);
    packet.start = HEADROOM;
    packet.length = octets.length;
    packet.checksum = "good";
    packet.segmentSize = 0;
    to.send(packet);
  }
}
