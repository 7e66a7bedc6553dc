import { clearImmediate, setImmediate } from "node:timers";
import type { Clock, Millis } from "../base/clock.ts";
import type { Device } from "../device/device.ts";
import type { Stack } from "../stack/stack.ts";
import {
  createPacketBuffer,
  type PacketBuffer,
} from "../wire/packet_buffer.ts";

/** Packets of one turn: a 5 ms timer of somebody else's stays within 2 ms of its time then (measured at 15 Gbit/s). */
const BURST = 64;

export interface DriverOptions {
  readonly clock: Clock;
  /** Makes the stack that is driven; it calls `onDirty` when a flow has something to say. */
  readonly createStack: (onDirty: () => void) => Stack;
  /** Of the burst that was read at `now`; asked before the stack sees it. */
  readonly onBurst?: (now: Millis) => void;
}

/** Feeds the stack from a device and lets it speak: after each burst, when it asks for it, and when a flow has something to say. */
export class Driver {
  readonly #options: DriverOptions;
  readonly #packet = createPacketBuffer();
  readonly #emit = (packet: PacketBuffer): boolean => this.#send(packet);
  readonly stack: Stack;
  #device: Device | undefined;
  #scheduled = false;
  #timer: Disposable | undefined;
  #timerAt: Millis = Infinity;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.stack = options.createStack(() => this.#onDirty());
  }

  /** Runs until `device` is closed or deleted; the stack and its flows stay for the next one. */
  async run(device: Device): Promise<void> {
    this.#device = device;
    while (await device.readable()) this.#burst();
    this.#device = undefined;
  }

  /** Sends what flows have said in this turn, their resets for example: their device is about to go. */
  flush(): void {
    this.#poll(this.#options.clock.now());
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #onDirty(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#poll(this.#options.clock.now());
    });
  }

  /** What waits is read first, so that no timer goes off because of an ACK that nobody has looked at. */
  #burst(): void {
    const { clock, onBurst } = this.#options;
    const now = clock.now();
    onBurst?.(now);
    for (let i = 0; i < BURST; i++) {
      if (!this.#device?.receive(this.#packet)) break;
      this.stack.receive(this.#packet, now);
    }
    this.#poll(now);
  }

  #poll(now: Millis): void {
    this.stack.poll(now, this.#emit);
    // -Infinity: a flow had more to send than fits into one turn, and the others come first.
    const at = this.stack.pollAt();
    if (at < this.#timerAt) this.#wakeAt(at);
  }

  #wakeAt(at: Millis): void {
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = at;
    const wake = (): void => {
      this.#timerAt = Infinity;
      this.#timer = undefined;
      this.#burst();
    };
    this.#timer = at === -Infinity
      ? immediately(wake)
      : this.#options.clock.callAt(at, wake);
  }

  #send(packet: PacketBuffer): boolean {
    if (this.#device?.send(packet)) return true;
    this.stack.countDrop("output.queue");
    return false;
  }
}

/** A timer of 0 ms takes 2 ms (measured), this takes microseconds. */
function immediately(task: () => void): Disposable {
  const handle = setImmediate(task);
  return { [Symbol.dispose]: () => clearImmediate(handle) };
}
