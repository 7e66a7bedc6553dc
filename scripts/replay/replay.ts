import { describeStack } from "../../src/app/describe_stack.ts";
import { formatEndpoint } from "../../src/flow/flow.ts";
import {
  createFlowKey,
  type FlowKey,
  localEndpoint,
  readFlowKey,
  remoteEndpoint,
} from "../../src/stack/flow_key.ts";
import { createStack, type Stack } from "../../src/stack/stack.ts";
import type { PendingSyn } from "../../src/stack/tcp/pending_syn.ts";
import { seqAdd, seqDiff } from "../../src/stack/tcp/seq.ts";
import type { TcpSocket } from "../../src/stack/tcp/socket.ts";
import type { UdpSession } from "../../src/stack/udp_session.ts";
import { createIpHeader, TCP, UDP } from "../../src/wire/ip_header.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseIpv6 } from "../../src/wire/ipv6.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../../src/wire/packet_buffer.ts";
import {
  ACK,
  createSegment,
  FIN,
  parseTcp,
  RST,
  type Segment,
  SYN,
} from "../../src/wire/tcp.ts";
import { UDP_HEADER } from "../../src/wire/udp.ts";
import type { Captured } from "./capture_file.ts";

const FLAGS = [[SYN, "S"], [FIN, "F"], [RST, "R"], [ACK, "A"]] as const;

/** One TCP connection of the capture and its twin in the stack. */
interface Connection {
  syn: PendingSyn | undefined;
  socket: TcpSocket | undefined;
  /** ISS and first TSval as captured. */
  iss: number;
  tsVal: number;
  /** First TSval of the twin. */
  ourTsVal: number | undefined;
  /** Octets that the program had sent, and the twin has written. */
  written: number;
}

/**
 * Feeds what applications sent to a stack without anything around it, at the times of the capture, and has it send what the
 * program sent then. What it answers is printed: a mistake of the stack's happens again. Sequence numbers and timestamps that
 * the stack chooses are another one's here, so ACKs, SACK blocks and echoed timestamps are moved to fit.
 */
export class Replay {
  readonly #print: (line: string) => void;
  readonly #stack: Stack;
  readonly #connections = new Map<string, Connection>();
  readonly #sessions = new Map<string, UdpSession>();
  /** Who began each flow: the application, where the capture does not say which way packets went. */
  readonly #applications = new Map<string, string>();
  readonly #packet = createPacketBuffer();
  readonly #ip = createIpHeader();
  readonly #segment = createSegment();
  #start: number | undefined;
  #now = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
    this.#stack = createStack({
      mtu: 65_535,
      offload: { tcp: true, udp: true, checksum: true },
      random: (into) => into.fill(7),
      gateways: new Set(),
      broadcasts: new Set(),
      udpTimeout: Infinity,
      echo: () => "all",
      onSyn: (syn) => {
        this.#connections.delete(syn.key.join());
        this.#connectionOf(syn.key).syn = syn;
      },
      onSession: (session) => this.#accept(session),
      onDirty: () => {},
    });
  }

  /** The next packet of the capture. */
  feed({ at, octets, direction, comment }: Captured): void {
    this.#start ??= at;
    this.#advance(at - this.#start);
    if (comment !== undefined) this.#print(`# ${comment}`);
    const packet = this.#packet;
    packet.bytes.set(octets, HEADROOM);
    packet.start = HEADROOM;
    packet.length = octets.length;
    packet.segmentSize = 0;
    // Of what a kernel left to the device only a part of the sum was captured.
    packet.checksum = "partial";
    const key = this.#parse(packet);
    const out = key !== undefined &&
      (direction ?? this.#directionOf(key)) === "out";
    this.#tell(out ? "was" : ">", packet);
    if (key !== undefined && !out) this.#move(packet, key);
    if (out) this.#follow(reversed(key));
    else this.#stack.receive(packet, this.#now);
    this.#poll();
  }

  /** Lets the stack come to rest, a minute of its time at most, and says what it has kept. */
  end(): void {
    this.#advance(this.#now + 60_000);
    this.#print(describeStack("kept", this.#stack).trimEnd());
  }

  #advance(to: number): void {
    for (;;) {
      const next = this.#stack.pollAt();
      if (next >= to) break;
      this.#now = Math.max(this.#now, next);
      this.#poll();
    }
    this.#now = Math.max(this.#now, to);
  }

  #poll(): void {
    this.#stack.poll(this.#now, (packet) => {
      this.#tell("<", packet);
      return true;
    });
  }

  /** Prints a packet, and leaves what its headers say in `#ip` and `#segment`; its flow's key, seen from its sender. */
  #tell(sign: string, packet: PacketBuffer): FlowKey | undefined {
    const time = (this.#now / 1000).toFixed(6);
    const key = this.#parse(packet);
    if (key === undefined) {
      this.#print(`${time} ${sign} ${packet.length} octets that are no packet`);
      return undefined;
    }
    const ends = `${formatEndpoint(remoteEndpoint(key))} → ` +
      formatEndpoint(localEndpoint(key));
    const { protocol, payloadLength } = this.#ip;
    const what = protocol === TCP
      ? describeSegment(this.#segment)
      : `protocol ${protocol} len ${payloadLength}`;
    this.#print(`${time} ${sign} ${ends} ${what}`);
    if (sign === "<" && protocol === TCP) this.#noteStamp(reversed(key));
    return key;
  }

  #parse({ view, start, length }: PacketBuffer): FlowKey | undefined {
    if (length === 0) return undefined;
    const parse = view.getUint8(start) >> 4 === 4 ? parseIpv4 : parseIpv6;
    const ip = this.#ip;
    if (parse(view, start, length, ip) !== undefined) return undefined;
    const key = createFlowKey();
    const whole = ip.fragmentOffset === 0 && !ip.moreFragments;
    const { payload, payloadLength, protocol } = ip;
    if (whole && protocol === TCP) {
      const segment = this.#segment;
      if (!parseTcp(view, payload, payloadLength, segment)) return undefined;
      const { sourcePort, destinationPort } = segment;
      readFlowKey(key, view, ip, sourcePort, destinationPort);
    } else if (whole && protocol === UDP && payloadLength >= UDP_HEADER) {
      const ports = [view.getUint16(payload), view.getUint16(payload + 2)];
      readFlowKey(key, view, ip, ports[0] ?? 0, ports[1] ?? 0);
    } else {
      readFlowKey(key, view, ip, 0, 0);
    }
    return key;
  }

  #directionOf(key: FlowKey): "in" | "out" {
    const sender = formatEndpoint(remoteEndpoint(key));
    const first = this.#applications.get(key.join());
    if (first !== undefined) return first === sender ? "in" : "out";
    this.#applications.set(key.join(), sender);
    this.#applications.set(reversed(key).join(), sender);
    return "in";
  }

  #connectionOf(key: FlowKey): Connection {
    const name = key.join();
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const made: Connection = {
      ...{ syn: undefined, socket: undefined, iss: 0, tsVal: 0 },
      ...{ ourTsVal: undefined, written: 0 },
    };
    this.#connections.set(name, made);
    return made;
  }

  #noteStamp(key: FlowKey): void {
    const { flags, options } = this.#segment;
    if (!(flags & SYN)) return;
    this.#connectionOf(key).ourTsVal ??= options.tsVal;
  }

  /** An application's segment is made one that answers the twin's. */
  #move({ view }: PacketBuffer, key: FlowKey): void {
    const { socket, iss, tsVal, ourTsVal = 0 } = this.#connectionOf(key);
    if (this.#ip.protocol !== TCP || socket === undefined) return;
    const header = this.#ip.payload;
    const shift = seqDiff(socket.snd.iss, iss);
    if (this.#segment.flags & ACK) {
      view.setInt32(header + 8, seqAdd(this.#segment.ack, shift));
    }
    for (let at = header + 20; at + 1 < this.#segment.payload;) {
      const kind = view.getUint8(at);
      const length = kind < 2 ? 1 : view.getUint8(at + 1);
      if (kind === 0 || length === 0) break;
      for (
        let edge = at + 2;
        kind === 5 && edge + 4 <= at + length;
        edge += 4
      ) {
        view.setInt32(edge, seqAdd(view.getInt32(edge), shift));
      }
      if (kind === 8) {
        const echo = view.getInt32(at + 6);
        view.setInt32(at + 6, seqAdd(echo, seqDiff(ourTsVal, tsVal)));
      }
      at += length;
    }
  }

  /** The program has sent what lies in `#packet`: the twin does so too. */
  #follow(key: FlowKey): void {
    const { view, bytes } = this.#packet;
    const { protocol, payload, payloadLength } = this.#ip;
    if (protocol === UDP) {
      const text = bytes.slice(payload + UDP_HEADER, payload + payloadLength);
      this.#sessions.get(key.join())?.send(text);
    }
    if (protocol !== TCP) return;
    const segment = this.#segment;
    const connection = this.#connectionOf(key);
    const { socket, syn } = connection;
    if (syn !== undefined && segment.flags & (SYN | RST)) {
      connection.syn = undefined;
      if (segment.flags & RST) syn.reject("refused");
      else this.#acceptTwin(syn, connection, segment);
    } else if (segment.flags & RST) {
      socket?.abort();
    } else if (socket !== undefined) {
      const offset = seqDiff(segment.seq, seqAdd(connection.iss, 1));
      const fresh = offset + segment.payloadLength - connection.written;
      if (fresh > 0) {
        const end = segment.payload + segment.payloadLength;
        socket.write(new Uint8Array(view.buffer, end - fresh, fresh));
        connection.written += fresh;
      }
      if (segment.flags & FIN) socket.closeWrite();
    }
  }

  #acceptTwin(
    syn: PendingSyn,
    connection: Connection,
    { seq, options }: Segment,
  ): void {
    const socket = syn.accept();
    socket.events = {
      onEstablished: () => {},
      onReadable: () => socket.read(() => {}),
      onWritable: () => {},
      onClosed: () => {},
    };
    Object.assign(connection, { socket, iss: seq, tsVal: options.tsVal });
  }

  #accept(session: UdpSession): void {
    this.#sessions.set(session.key.join(), session);
    session.accept(() => {});
  }
}

function describeSegment(
  { flags, seq, ack, window, payloadLength }: Segment,
): string {
  const letters = FLAGS.filter(([bit]) => flags & bit).map(([, l]) => l);
  const acked = flags & ACK ? ` ack ${ack >>> 0}` : "";
  return `${letters.join("") || "-"} seq ${
    seq >>> 0
  }${acked} win ${window} len ${payloadLength}`;
}

/** The key of the same flow for who sends the other way. */
function reversed(key: FlowKey): FlowKey {
  const other = createFlowKey();
  other.set(key);
  const half = (key.length - 1) / 2;
  other.set(key.subarray(half, 2 * half), 0);
  other.set(key.subarray(0, half), half);
  const ports = key[2 * half] ?? 0;
  other[2 * half] = (ports << 16) | (ports >>> 16);
  return other;
}
