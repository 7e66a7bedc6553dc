import {
  createStack,
  type Stack,
  type StackOptions,
} from "../../src/stack/stack.ts";
import type { PendingSyn } from "../../src/stack/tcp/pending_syn.ts";
import { randomOf } from "../../src/base/seeded_random.ts";
import type { PacketBuffer } from "../../src/wire/packet_buffer.ts";
import { NO_OFFLOAD } from "./drill.ts";
import { clonePacket } from "./packet.ts";

export interface LinkOptions {
  readonly seed: number;
  /** One way, in ms. */
  readonly latency?: number;
  /** Added to the latency, at random, so that packets overtake each other. */
  readonly jitter?: number;
  /** Probabilities. */
  readonly loss?: number;
  readonly duplicate?: number;
  readonly corrupt?: number;
  readonly mtu?: number;
  readonly offload?: StackOptions["offload"];
}

interface InFlight {
  readonly at: number;
  readonly order: number;
  readonly to: 0 | 1;
  readonly packet: PacketBuffer;
}

/** Two stacks and the wire between them, in virtual time. */
export class Link {
  now = 0;
  readonly stacks: readonly [Stack, Stack];
  /** SYNs that wait at the second stack. */
  readonly syns: PendingSyn[] = [];
  /** Packets that either side has sent. */
  sent = 0;
  readonly #options: LinkOptions;
  readonly #random: () => number;
  #wire: InFlight[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    const make = (side: number) =>
      createStack({
        mtu: options.mtu ?? 1500,
        offload: options.offload ?? NO_OFFLOAD,
        random: (into) => {
          for (let i = 0; i < into.length; i++) {
            into[i] = Math.floor(this.#random() * 256);
          }
        },
        gateways: new Set(),
        broadcasts: new Set(),
        udpTimeout: 30_000,
        onSyn: (syn) =>
          side === 1 ? this.syns.push(syn) : syn.reject("refused"),
        onSession: (session) => session.reject("refused"),
        onDirty: () => {},
      });
    this.stacks = [make(0), make(1)];
  }

  /** Polls both stacks, then lets time jump to whatever is next; false when nothing is. */
  step(): boolean {
    this.#poll(0);
    this.#poll(1);
    const next = Math.min(
      this.stacks[0].pollAt(),
      this.stacks[1].pollAt(),
      ...this.#wire.map(({ at }) => at),
    );
    if (next === Infinity) return false;
    this.now = Math.max(this.now, next);
    const due = this.#wire.filter(({ at }) => at <= this.now);
    this.#wire = this.#wire.filter(({ at }) => at > this.now);
    due.sort((a, b) => a.at - b.at || a.order - b.order);
    for (const { to, packet } of due) {
      this.stacks[to].receive(packet, this.now);
    }
    return true;
  }

  #poll(side: 0 | 1): void {
    this.stacks[side].poll(this.now, (packet) => {
      this.#carry(clonePacket(packet), side === 0 ? 1 : 0);
      return true;
    });
  }

  #carry(packet: PacketBuffer, to: 0 | 1): void {
    const { latency = 0, jitter = 0, loss = 0, duplicate = 0, corrupt = 0 } =
      this.#options;
    this.sent++;
    if (this.#random() < loss) return;
    if (this.#random() < corrupt) {
      const at = packet.start + Math.floor(this.#random() * packet.length);
      packet.bytes[at] = (packet.bytes[at] ?? 0) ^ (1 << this.#random() * 8);
      packet.checksum = "unknown";
    }
    const copies = this.#random() < duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const at = this.now + latency + this.#random() * jitter;
      this.#wire.push({
        at,
        order: this.sent,
        to,
        packet: clonePacket(packet),
      });
    }
  }
}
