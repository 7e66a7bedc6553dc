import { assertEquals, assertExists } from "@std/assert";
import { makeFlowKey } from "../../src/stack/flow_key.ts";
import type { TcpSocket } from "../../src/stack/tcp/socket.ts";
import { parseAddress } from "../../src/wire/address.ts";
import { randomOf } from "../../src/base/seeded_random.ts";
import { Link, type LinkOptions } from "./link.ts";

const CHUNK = 8192;

/** One end of a transfer: writes `octets` of a known sequence in random pieces, and checks what it reads against the other's. */
class End {
  readonly #socket: TcpSocket;
  readonly #random: () => number;
  readonly #mine: number;
  readonly #theirs: number;
  #toWrite: number;
  #written = 0;
  #read = 0;
  /** "open", "closed in order", or the reason. */
  state = "open";
  eof = false;

  constructor(
    socket: TcpSocket,
    random: () => number,
    { octets, mine, theirs }: { octets: number; mine: number; theirs: number },
  ) {
    this.#socket = socket;
    this.#random = random;
    this.#mine = mine;
    this.#theirs = theirs;
    this.#toWrite = octets;
    socket.events = {
      onEstablished: () => this.#write(),
      onReadable: () => this.#take(),
      onWritable: () => this.#write(),
      onClosed: (reason) => this.state = `closed ${reason ?? "in order"}`,
    };
    if (octets === 0) socket.closeWrite();
    this.#write();
  }

  octetsRead(): number {
    return this.#read;
  }

  #write(): void {
    while (this.#toWrite > 0 && this.#socket.outstanding() < 64 * 1024) {
      const length = Math.min(this.#toWrite, 1 + this.#random() * CHUNK | 0);
      const octets = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        octets[i] = patternAt(this.#mine, this.#written + i);
      }
      assertEquals(this.#socket.write(octets), true);
      this.#written += length;
      this.#toWrite -= length;
      if (this.#toWrite === 0) this.#socket.closeWrite();
    }
  }

  #take(): void {
    this.#socket.read((octets) => {
      for (const octet of octets) {
        if (octet !== patternAt(this.#theirs, this.#read)) {
          throw new Error(`Wrong octet at ${this.#read}`);
        }
        this.#read++;
      }
    });
    this.eof = this.#socket.rcv.finished;
  }
}

function patternAt(stream: number, at: number): number {
  return (Math.imul(at + stream * 7919, 0x9e3779b1) >>> 24) & 0xff;
}

export interface Result {
  readonly states: readonly string[];
  readonly read: readonly number[];
  readonly millis: number;
}

/** Moves octets both ways and returns how it ended. */
export function transfer(
  options: LinkOptions,
  octets: readonly [number, number],
): Result {
  const link = new Link(options);
  const random = randomOf(options.seed + 1);
  const remote = { address: address("10.0.0.2"), port: 80 };
  const local = { address: address("10.0.0.1"), port: 1000 };
  const active = link.stacks[0].connect(makeFlowKey(remote, local));
  assertExists(active);
  const ends = [
    new End(active, random, { octets: octets[0], mine: 1, theirs: 2 }),
  ];
  for (let steps = 0; link.step(); steps++) {
    if (steps > 400_000) throw new Error("The transfer does not end");
    const syn = link.syns.shift();
    if (syn !== undefined && ends.length === 1) {
      const what = { octets: octets[1], mine: 2, theirs: 1 };
      ends.push(new End(syn.accept(), random, what));
    } else {
      syn?.reject("refused");
    }
    if (ends.length === 2 && ends.every(({ state }) => state !== "open")) break;
  }
  return {
    states: ends.map(({ state }) => state),
    read: ends.map((end) => end.octetsRead()),
    millis: link.now,
  };
}

function address(text: string): Uint8Array {
  const octets = parseAddress(text);
  assertExists(octets);
  return octets;
}
