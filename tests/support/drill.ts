import { assertEquals, assertExists } from "@std/assert";
import type { FlowKey } from "../../src/stack/flow_key.ts";
import { makeFlowKey } from "../../src/stack/flow_key.ts";
import {
  createStack,
  type Stack,
  type StackOptions,
} from "../../src/stack/stack.ts";
import type { EchoPolicy } from "../../src/stack/icmp.ts";
import type { PendingSyn } from "../../src/stack/tcp/pending_syn.ts";
import type { TcpEvents } from "../../src/stack/tcp/events.ts";
import type { TcpSocket } from "../../src/stack/tcp/socket.ts";
import type { UdpSession } from "../../src/stack/udp_session.ts";
import { parseAddress } from "../../src/wire/address.ts";
import type { PacketBuffer } from "../../src/wire/packet_buffer.ts";
import {
  bytes,
  clonePacket,
  packetBuffer,
  readTcp,
  tcp,
  u16,
  u32,
} from "./packet.ts";

export const NO_OFFLOAD = { tcp: false, udp: false, checksum: false };
export const OFFLOAD = { tcp: true, udp: true, checksum: true };

/** A segment as a drill writes it; sequence numbers count from each side's SYN. */
export interface DrillSegment {
  /** "S", "SA", "A" (default), "PA", "FA", "R", "RA" … in the order of "SFRPAUEC". */
  readonly flags?: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  /** Octets of payload: a text, or so many octets counting up from the sequence number. */
  readonly text?: string | number;
  readonly mss?: number;
  readonly scale?: number;
  readonly sackPermitted?: boolean;
  /** TSval, TSecr. */
  readonly timestamps?: readonly [number, number];
  /** Pairs of edges that count from the SYN of the side that sent the data. */
  readonly sack?: readonly (readonly [number, number])[];
}

export interface DrillOptions {
  readonly mtu?: number;
  readonly offload?: StackOptions["offload"];
  /** The peer's initial sequence number. */
  readonly irs?: number;
  /** What the peer's SYN offers beyond an MSS of 1380. */
  readonly syn?: Pick<
    DrillSegment,
    "mss" | "scale" | "sackPermitted" | "timestamps" | "window"
  >;
  readonly ipv6?: boolean;
  readonly echo?: EchoPolicy;
}

export type DrillState = "LISTEN" | "SYN-SENT" | "SYN-RECEIVED" | "ESTABLISHED";

/** The family of drills that do not name one. */
const family = { ipv6: false };

/** A test that must come out the same over IPv4 and over IPv6. */
export function test(title: string, body: () => void): void {
  for (const ipv6 of [false, true]) {
    Deno.test(ipv6 ? `${title}, over IPv6` : title, () => {
      family.ipv6 = ipv6;
      try {
        body();
      } finally {
        family.ipv6 = false;
      }
    });
  }
}

/** IPv6's header is 20 octets longer: our MSS is 1380 over both. */
function defaultMtu(ipv6: boolean): number {
  return ipv6 ? 1440 : 1420;
}

/** A stack, a peer made of literal segments, and a clock that only the test moves. */
export class Drill {
  readonly stack: Stack;
  now = 1_000_000;
  /** What the stack has emitted and nobody has looked at. */
  readonly emitted: PacketBuffer[] = [];
  readonly syns: PendingSyn[] = [];
  readonly sessions: UdpSession[] = [];
  /** What the socket's owner has been told, in order. */
  readonly events: string[] = [];
  readonly client: string;
  readonly server: string;
  readonly #irs: number;
  #iss: number | undefined;
  #socket: TcpSocket | undefined;

  constructor(options: DrillOptions = {}) {
    const { ipv6 = family.ipv6 } = options;
    this.client = ipv6 ? "fd00::2" : "10.0.0.2";
    this.server = ipv6 ? "2001:db8::1" : "192.0.2.1";
    this.#irs = options.irs ?? 5000;
    this.stack = createStack({
      mtu: options.mtu ?? defaultMtu(ipv6),
      offload: options.offload ?? NO_OFFLOAD,
      random: (into) => into.fill(7),
      echo: () => options.echo ?? "gateway",
      gateways: new Set(["10.0.0.1", "fd00::1"]),
      broadcasts: new Set([0x0a0000ff]),
      udpTimeout: 30_000,
      onSyn: (syn) => this.syns.push(syn),
      onSession: (session) => this.sessions.push(session),
      onDirty: () => {},
    });
  }

  get socket(): TcpSocket {
    assertExists(this.#socket, "nothing has been accepted");
    return this.#socket;
  }

  get key(): FlowKey {
    const client = parseAddress(this.client);
    const server = parseAddress(this.server);
    assertExists(client);
    assertExists(server);
    return makeFlowKey(
      { address: client, port: 40_000 },
      { address: server, port: 80 },
    );
  }

  /** Active open towards the peer. */
  connect(): this {
    this.#own(this.stack.connect(this.key));
    return this.poll();
  }

  accept(): this {
    const syn = this.syns.shift();
    assertExists(syn, "no SYN waits");
    this.#own(syn.accept());
    return this.poll();
  }

  /** A segment from the peer arrives; the poll that ends its burst follows unless `more` come. */
  in(segment: DrillSegment, more?: "more"): this {
    this.stack.receive(packetBuffer(this.#encode(segment)), this.now);
    return more === undefined ? this.poll() : this;
  }

  /** A super-packet of which the device says that it was cut at `segmentSize`. */
  inSuper(segment: DrillSegment, segmentSize: number): this {
    const checksum = "partial";
    return this.inRaw(this.#encode(segment), { checksum, segmentSize });
  }

  /** Raw octets arrive. */
  inRaw(
    octets: Uint8Array,
    state: Parameters<typeof packetBuffer>[1] = {},
  ): this {
    this.stack.receive(packetBuffer(octets, state), this.now);
    return this.poll();
  }

  poll(): this {
    this.stack.poll(this.now, (packet) => {
      this.emitted.push(clonePacket(packet));
      return true;
    });
    return this;
  }

  /** The next segment that the stack emitted, with what `expected` names. */
  out(expected: DrillSegment = {}): this {
    const packet = this.emitted.shift();
    assertExists(
      packet,
      `Nothing was sent, expected ${JSON.stringify(expected)}`,
    );
    const actual = this.#decode(packet);
    const picked = Object.fromEntries(
      Object.keys(expected).map((key) => [
        key,
        key === "text" && typeof expected.text === "number"
          ? String(actual.text).length
          : actual[key as keyof DrillSegment],
      ]),
    );
    assertEquals(picked, { ...expected });
    return this;
  }

  /** The next emitted segment as it is. */
  next(): DrillSegment {
    const packet = this.emitted.shift();
    assertExists(packet, "Nothing was sent");
    return this.#decode(packet);
  }

  silent(): this {
    assertEquals(
      this.emitted.map((packet) => this.#decode(packet)),
      [],
      "silence",
    );
    return this;
  }

  /** Lets time pass, polling whenever the stack asks for it. */
  advance(millis: number): this {
    const end = this.now + millis;
    for (let polls = 0;; polls++) {
      const at = Math.max(this.now, this.stack.pollAt());
      if (at > end) break;
      if (polls > 10_000) {
        throw new Error("The stack asks to be polled forever");
      }
      this.now = at;
      this.poll();
    }
    this.now = end;
    return this.poll();
  }

  /** What the socket has received, as text. */
  read(): string {
    let text = "";
    this.socket.read((octets) => text += new TextDecoder().decode(octets));
    this.poll();
    return text;
  }

  write(text: string | number): this {
    const octets = typeof text === "number"
      ? new Uint8Array(text).fill(0x78)
      : new TextEncoder().encode(text);
    assertEquals(this.socket.write(octets), true, "write");
    return this.poll();
  }

  closeWrite(): this {
    this.socket.closeWrite();
    return this.poll();
  }

  abort(): this {
    this.socket.abort();
    return this.poll();
  }

  drops(reason: Parameters<Stack["countDrop"]>[0]): number {
    return this.stack.drops().get(reason) ?? 0;
  }

  #own(socket: TcpSocket | undefined): void {
    assertExists(socket);
    this.#socket = socket;
    const note = (event: string) => () => {
      this.events.push(event);
    };
    socket.events = {
      onEstablished: note("established"),
      onReadable: note("readable"),
      onWritable: note("writable"),
      onClosed: (reason) => this.events.push(`closed ${reason ?? "in order"}`),
    } satisfies TcpEvents;
  }

  #encode(segment: DrillSegment): Uint8Array {
    const seq = (this.#irs + (segment.seq ?? 0)) >>> 0;
    const ack = segment.ack === undefined
      ? 0
      : ((this.#iss ?? 0) + segment.ack) >>> 0;
    return tcp({
      src: this.client,
      dst: this.server,
      sourcePort: 40_000,
      destinationPort: 80,
      seq,
      ack,
      flags: segment.flags ?? "A",
      window: segment.window ?? 65_535,
      options: this.#encodeOptions(segment),
      payload: payloadOf(segment),
    });
  }

  #encodeOptions(segment: DrillSegment): Uint8Array {
    const parts: number[] = [];
    if (segment.mss !== undefined) parts.push(2, 4, ...u16(segment.mss));
    if (segment.scale !== undefined) parts.push(1, 3, 3, segment.scale);
    if (segment.sackPermitted) parts.push(1, 1, 4, 2);
    if (segment.timestamps !== undefined) {
      const [value, echo] = segment.timestamps;
      parts.push(1, 1, 8, 10, ...u32(value), ...u32(echo));
    }
    if (segment.sack !== undefined) {
      parts.push(1, 1, 5, 2 + 8 * segment.sack.length);
      for (const edge of segment.sack.flat()) {
        parts.push(...u32(((this.#iss ?? 0) + edge) >>> 0));
      }
    }
    return Uint8Array.from(parts);
  }

  #decode(packet: PacketBuffer): DrillSegment {
    const segment = readTcp(packet);
    assertEquals(segment.destinationPort, 40_000, "port");
    if (segment.flags.startsWith("S")) this.#iss = segment.seq;
    const { seq, ack, flags, window } = segment;
    // A reset that answers a segment without a connection stands at 0 or at the peer's ACK: as it is, then.
    const base = this.#iss ?? 0;
    return {
      flags,
      seq: (seq - base) | 0,
      ack: flags.includes("A") ? (ack - this.#irs) | 0 : 0,
      window,
      text: new TextDecoder().decode(segment.payload),
      ...this.#decodeOptions(segment.options),
    };
  }

  #decodeOptions(options: Uint8Array): Partial<DrillSegment> {
    const data = new DataView(options.slice().buffer);
    const result: { -readonly [K in keyof DrillSegment]: DrillSegment[K] } = {};
    for (let at = 0; at < options.length;) {
      const kind = data.getUint8(at);
      if (kind === 1) {
        at++;
        continue;
      }
      if (kind === 2) result.mss = data.getUint16(at + 2);
      if (kind === 3) result.scale = data.getUint8(at + 2);
      if (kind === 4) result.sackPermitted = true;
      if (kind === 8) {
        result.timestamps = [data.getUint32(at + 2), data.getUint32(at + 6)];
      }
      if (kind === 5) {
        const blocks: [number, number][] = [];
        for (let i = at + 2; i < at + data.getUint8(at + 1); i += 8) {
          blocks.push([
            (data.getUint32(i) - this.#irs) | 0,
            (data.getUint32(i + 4) - this.#irs) | 0,
          ]);
        }
        result.sack = blocks;
      }
      at += data.getUint8(at + 1);
    }
    return result;
  }
}

function payloadOf({ text, seq = 0 }: DrillSegment): Uint8Array {
  if (typeof text === "string") return new TextEncoder().encode(text);
  return bytes(
    Array.from({ length: text ?? 0 }, (_, i) => 97 + (seq + i) % 26),
  );
}

/** What `Drill` sends for `octets` of payload at `seq`. */
export function textAt(seq: number, octets: number): string {
  return new TextDecoder().decode(payloadOf({ seq, text: octets }));
}

/** A drill that has reached `state`. */
export function drill(state: DrillState, options: DrillOptions = {}): Drill {
  const d = new Drill(options);
  if (state === "LISTEN") return d;
  if (state === "SYN-SENT") {
    d.connect().out({ flags: "S" });
    return d;
  }
  d.in({ flags: "S", mss: 1380, ...options.syn });
  d.accept().out({ flags: "SA", seq: 0, ack: 1 });
  if (state === "SYN-RECEIVED") return d;
  const timestamps = options.syn?.timestamps;
  d.in({
    seq: 1,
    ack: 1,
    window: options.syn?.window ?? 65_535,
    ...(timestamps === undefined ? {} : { timestamps }),
  });
  assertEquals(d.events.splice(0), ["established"]);
  return d.silent();
}
