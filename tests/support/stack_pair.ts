import { assertExists } from "@std/assert";
import { makeFlowKey } from "../../src/stack/flow_key.ts";
import { createStack, type Stack } from "../../src/stack/stack.ts";
import type { PendingSyn } from "../../src/stack/tcp/pending_syn.ts";
import type { TcpSocket } from "../../src/stack/tcp/socket.ts";
import type { Offload, PacketBuffer } from "../../src/wire/packet_buffer.ts";

const NEAR = Uint8Array.of(10, 0, 0, 1);
const FAR = Uint8Array.of(10, 0, 0, 2);

/** Two stacks that hand each other the very packets that they emit: for measuring, as nothing is copied and no time passes. */
export class StackPair {
  readonly #stacks: readonly [Stack, Stack];
  readonly #syns: PendingSyn[] = [];
  #port = 1000;
  #now = 0;

  constructor(offload: Offload) {
    const make = (): Stack =>
      createStack({
        mtu: 1420,
        offload,
        random: (into) => into.fill(7),
        gateways: new Set(),
        broadcasts: new Set(),
        udpTimeout: 30_000,
        onSyn: (syn) => this.#syns.push(syn),
        onSession: (session) => session.reject("refused"),
        onDirty: () => {},
      });
    this.#stacks = [make(), make()];
  }

  /** A connection from the first stack to the second, both ends of it. */
  connect(): readonly [TcpSocket, TcpSocket] {
    this.#port = this.#port === 60_000 ? 1000 : this.#port + 1;
    const [near] = this.#stacks;
    const remote = { address: FAR, port: 80 };
    const local = { address: NEAR, port: this.#port };
    const active = near.connect(makeFlowKey(remote, local));
    assertExists(active);
    this.settle();
    const passive = this.#syns.shift()?.accept();
    assertExists(passive);
    this.settle();
    return [active, passive];
  }

  /** Until neither has anything to say. */
  settle(): void {
    const [near, far] = this.#stacks;
    let quiet = false;
    const into = (stack: Stack) => (packet: PacketBuffer): boolean => {
      quiet = false;
      stack.receive(packet, this.#now);
      return true;
    };
    while (!quiet) {
      quiet = true;
      this.#now += 0.01;
      near.poll(this.#now, into(far));
      far.poll(this.#now, into(near));
    }
  }
}
