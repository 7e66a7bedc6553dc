/** Packets, options and sequences as nobody honest sends them; the same for the same seed. */
import { assertEquals, assertExists } from "@std/assert";
import { type Drill, drill, OFFLOAD } from "./drill.ts";
import { randomOf } from "../../src/base/seeded_random.ts";
import { seqDiff } from "../../src/stack/tcp/seq.ts";
import {
  bytes,
  icmp,
  ip,
  readIp,
  readTcp,
  tcp,
  u16,
  u32,
  udp,
} from "./packet.ts";

const FLAGS = ["A", "PA", "FA", "S", "SA", "R", "RA", "SF", "SR", "", "FPU"];
const GOOD_PORT = 50_000;

/** A stack with one connection under attack and one that must not notice. */
export class StackFuzz {
  readonly #random: () => number;
  readonly #ipv6: boolean;
  #drill: Drill;
  #goodSeq = 0;
  #goodAck = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.#ipv6 = seed % 2 === 1;
    this.#drill = this.#start();
  }

  /** One packet, and what the application and the clock do meanwhile. */
  step(): void {
    const d = this.#drill;
    const octets = this.#packet();
    if (octets.length > 0) {
      for (let n = this.#pick(4); n > 0; n--) {
        octets[this.#pick(octets.length)] = this.#pick(256);
      }
    }
    d.inRaw(octets.subarray(0, this.#oneIn(20) ? this.#pick(99) : undefined), {
      checksum: this.#oneIn(8) ? "unknown" : "partial",
      segmentSize: this.#oneIn(4) ? this.#pick(2000) : 0,
    });
    if (this.#oneIn(16)) d.advance(this.#pick(300));
    if (this.#oneIn(4) && d.socket.outstanding() < 100_000) {
      d.socket.write(new Uint8Array(this.#pick(4000)));
    }
    if (this.#oneIn(4)) d.socket.read(() => {});
    this.#decide();
    for (const packet of d.poll().emitted.splice(0)) readIp(packet);
    if (d.socket.state() === "CLOSED") this.#drill = this.#start();
  }

  /** The other connection moves on, and nothing has grown without bound. */
  check(): void {
    const d = this.#drill;
    this.#good("PA", 100);
    this.#goodSeq += 100;
    const acks = d.advance(20).emitted.splice(0)
      .filter((packet) => readIp(packet).protocol === 6)
      .map((packet) => readTcp(packet))
      .filter(({ destinationPort }) => destinationPort === GOOD_PORT);
    assertEquals(acks.at(-1)?.ack, this.#goodSeq, "the good connection stalls");
    const { sndUna, sndNxt } = d.socket.snd;
    assertEquals(seqDiff(sndNxt, sndUna) >= 0, true, "SND.UNA ≤ SND.NXT");
    assertEquals([...d.stack.tcpSockets()].length <= 1100, true, "sockets");
    assertEquals([...d.stack.udpSessions()].length <= 8192, true, "sessions");
  }

  #start(): Drill {
    const d = drill("ESTABLISHED", {
      offload: OFFLOAD,
      ipv6: this.#ipv6,
      // Near the end of the sequence space as often as not.
      irs: this.#oneIn(2) ? 2 ** 32 - this.#pick(5000) : this.#pick(2 ** 31),
      syn: { mss: 1380, scale: 7, sackPermitted: true, timestamps: [1, 0] },
    });
    this.#drill = d;
    this.#goodSeq = 1000;
    this.#good("S", 0);
    const socket = d.syns.pop()?.accept();
    assertExists(socket);
    socket.events = {
      onEstablished: () => {},
      onReadable: () => socket.read(() => {}),
      onWritable: () => {},
      onClosed: () => {},
    };
    this.#goodSeq = 1001;
    this.#goodAck = socket.snd.iss + 1;
    d.poll().emitted.length = 0;
    this.#good("A", 0);
    return d;
  }

  #good(flags: string, octets: number): void {
    this.#drill.inRaw(tcp({
      src: this.#drill.client,
      dst: this.#drill.server,
      sourcePort: GOOD_PORT,
      destinationPort: 80,
      seq: this.#goodSeq,
      ack: this.#goodAck >>> 0,
      flags,
      window: 65_535,
      options: bytes(),
      payload: new Uint8Array(octets),
    }));
  }

  #decide(): void {
    const d = this.#drill;
    for (const syn of d.syns.splice(0)) {
      if (this.#oneIn(2)) syn.accept();
      else syn.reject(this.#oneIn(2) ? "refused" : "unreachable");
    }
    for (const session of d.sessions.splice(0)) {
      if (this.#oneIn(2)) session.accept((payload) => session.send(payload));
      else session.reject("refused");
    }
  }

  #packet(): Uint8Array {
    const { client: src, server: dst } = this.#drill;
    const ports = { sourcePort: 1 + this.#pick(9000), destinationPort: 53 };
    switch (this.#pick(8)) {
      case 0:
        return this.#octets(120, this.#ipv6 ? 0x60 : 0x45);
      case 1:
        return udp({ src, dst, ...ports, payload: this.#octets(60) });
      case 2:
        return this.#icmp(src);
      case 3:
        return this.#fragmentOrChain(src, dst);
      default:
        return this.#segment(src, dst);
    }
  }

  /** Around the edges of what the attacked connection expects. */
  #segment(src: string, dst: string): Uint8Array {
    const { snd, rcv } = this.#drill.socket;
    const options = this.#oneIn(2) ? this.#octets(41) : this.#sack();
    return tcp({
      src,
      dst,
      sourcePort: this.#oneIn(9) ? 1 + this.#pick(3000) : 40_000,
      destinationPort: 80,
      seq: (rcv.rcvNxt + this.#near()) >>> 0,
      ack: (snd.sndUna + this.#near()) >>> 0,
      flags: FLAGS[this.#pick(FLAGS.length)] ?? "A",
      window: this.#pick(65_536),
      options: options.subarray(0, options.length & ~3),
      payload: new Uint8Array(this.#oneIn(3) ? this.#pick(3000) : 0),
    });
  }

  /** One block to three, around and within what is in flight. */
  #sack(): Uint8Array {
    const { snd } = this.#drill.socket;
    const flight = seqDiff(snd.sndNxt, snd.sndUna);
    const edges = Array.from({ length: 2 * (1 + this.#pick(3)) }, () => {
      const offset = this.#pick(flight + 3) - 1;
      return this.#oneIn(9) ? snd.sndUna + this.#near() : snd.sndUna + offset;
    });
    const blocks = edges.flatMap((edge) => [...u32(edge >>> 0)]);
    return bytes(1, 1, 5, 2 + blocks.length, blocks);
  }

  #icmp(src: string): Uint8Array {
    const types = this.#ipv6 ? [1, 2, 3, 4, 128, 134] : [3, 4, 5, 8, 11, 13];
    const { snd } = this.#drill.socket;
    const quoted = tcp({
      src: this.#drill.server,
      dst: this.#drill.client,
      sourcePort: 80,
      destinationPort: 40_000,
      seq: (snd.sndUna + this.#near()) >>> 0,
      ack: 0,
      flags: "A",
      window: 0,
      options: bytes(),
      payload: bytes(),
    });
    const head = [types[this.#pick(6)] ?? 3, this.#pick(5), 0, 0];
    const mtu = [0, 0, ...u16(this.#pick(2000))];
    return icmp(src, this.#drill.server, bytes(head, mtu, quoted));
  }

  #fragmentOrChain(src: string, dst: string): Uint8Array {
    const payload = this.#octets(200);
    if (!this.#ipv6) {
      return ip({ src, dst, protocol: 17, payload }, {
        identification: this.#pick(9),
        fragment: this.#pick(0x10000),
      });
    }
    const headers = [0, 43, 44, 60, 50, 59];
    if (payload.length > 8) {
      payload[0] = headers[this.#pick(6)] ?? 17;
      payload[1] = this.#pick(3);
    }
    return ip({ src, dst, protocol: headers[this.#pick(4)] ?? 44, payload });
  }

  #near(): number {
    return this.#oneIn(4) ? this.#pick(200_000) - 100_000 : this.#pick(5) - 2;
  }

  #octets(most: number, first?: number): Uint8Array {
    const octets = new Uint8Array(this.#pick(most));
    for (let i = 0; i < octets.length; i++) octets[i] = this.#pick(256);
    if (first !== undefined && octets.length > 0) octets[0] = first;
    return octets;
  }

  #oneIn(n: number): boolean {
    return this.#pick(n) === 0;
  }

  #pick(n: number): number {
    return Math.floor(this.#random() * n);
  }
}
