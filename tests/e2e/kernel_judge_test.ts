import { assertEquals } from "@std/assert";
import type { Device } from "../../src/device/device.ts";
import { createStack, type Stack } from "../../src/stack/stack.ts";
import { createPacketBuffer } from "../../src/wire/packet_buffer.ts";
import { withChangedLibc, withoutHeaders } from "../support/changed_libc.ts";
import { NO_OFFLOAD } from "../support/drill.ts";
import { netnsTest } from "../support/netns.ts";
import {
  bytes,
  clonePacket,
  packetBuffer,
  readIp,
  readTcp,
  tcp,
  type TcpPacket,
  u32,
} from "../support/packet.ts";
import { silentLog } from "../support/silent_log.ts";

const HOST = "10.9.0.1";
const PEER = "10.9.0.2";
const OPEN = 80;
const CLOSED = 81;
/** Sequence number of the peer's SYN. */
const IRS = 5000;
/** How long the kernel's answer is waited for, in ms: it comes at once, and what is held back counts as silence. */
const PATIENCE = 20;

/** What the peer sends, sequence numbers counted from each side's SYN. */
interface Stimulus {
  readonly flags: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly text?: string;
  /** TSval, where the connection has timestamps. */
  readonly at?: number;
}

interface Case {
  readonly what: string;
  readonly port?: number;
  /** "SYN-RECEIVED" and "ESTABLISHED" are reached first; without, there is no connection. */
  readonly in?: "SYN-RECEIVED" | "ESTABLISHED";
  readonly timestamps?: true;
  readonly sends: readonly Stimulus[];
}

/** What is not here: the kernel reports a FIN behind a hole by SACK, which we do not, and is silent about an ACK of the future. */
const CASES: readonly Case[] = [
  { what: "a SYN", sends: [{ flags: "S" }] },
  { what: "SYN with FIN", sends: [{ flags: "SF" }] },
  { what: "SYN with RST", sends: [{ flags: "SR" }] },
  { what: "no flags", sends: [{ flags: "" }] },
  { what: "every flag", sends: [{ flags: "SFRPAU", ack: 9 }] },
  { what: "ACK without a connection", sends: [{ flags: "A", ack: 9 }] },
  {
    what: "octets without a connection",
    sends: [{ flags: "PA", ack: 9, text: "abc" }],
  },
  { what: "RST without a connection", sends: [{ flags: "R" }] },
  { what: "SYN-ACK without a SYN", sends: [{ flags: "SA", ack: 9 }] },
  { what: "SYN to a closed port", port: CLOSED, sends: [{ flags: "S" }] },
  {
    what: "octets to a closed port",
    port: CLOSED,
    sends: [{ flags: "PA", ack: 9, text: "abc" }],
  },
  {
    what: "an ACK of too little or too much in SYN-RECEIVED",
    in: "SYN-RECEIVED",
    sends: [{ flags: "A", seq: 1, ack: 0 }, { flags: "A", seq: 1, ack: 2 }],
  },
  {
    what: "RST in SYN-RECEIVED",
    in: "SYN-RECEIVED",
    sends: [{ flags: "R", seq: 1 }, { flags: "A", seq: 1, ack: 1 }],
  },
  {
    what: "octets with the last ACK of the handshake",
    in: "SYN-RECEIVED",
    sends: [{ flags: "PA", seq: 1, ack: 1, text: "abc" }],
  },
  {
    what: "octets in order",
    in: "ESTABLISHED",
    sends: [{ flags: "PA", seq: 1, ack: 1, text: "abc" }],
  },
  {
    what: "octets again",
    in: "ESTABLISHED",
    sends: [
      { flags: "PA", seq: 1, ack: 1, text: "abc" },
      { flags: "PA", seq: 1, ack: 1, text: "abc" },
    ],
  },
  {
    what: "octets out of order, and what was missing",
    in: "ESTABLISHED",
    sends: [
      { flags: "PA", seq: 4, ack: 1, text: "def" },
      { flags: "PA", seq: 9, ack: 1, text: "ij" },
      { flags: "PA", seq: 4, ack: 1, text: "def" },
      { flags: "PA", seq: 1, ack: 1, text: "abc" },
    ],
  },
  {
    what: "octets without ACK",
    in: "ESTABLISHED",
    sends: [{ flags: "P", seq: 1, text: "abc" }],
  },
  { what: "SYN", in: "ESTABLISHED", sends: [{ flags: "S", seq: 500 }] },
  {
    what: "SYN-ACK",
    in: "ESTABLISHED",
    sends: [{ flags: "SA", seq: 500, ack: 1 }],
  },
  {
    what: "RST in the window, but not at its beginning",
    in: "ESTABLISHED",
    sends: [{ flags: "R", seq: 2 }, { flags: "PA", seq: 1, ack: 1, text: "a" }],
  },
  {
    what: "RST beyond the window",
    in: "ESTABLISHED",
    sends: [{ flags: "R", seq: 900_000 }],
  },
  {
    what: "RST where it counts",
    in: "ESTABLISHED",
    sends: [{ flags: "R", seq: 1 }, { flags: "A", seq: 1, ack: 1 }],
  },
  {
    what: "an ACK older than a window",
    in: "ESTABLISHED",
    sends: [{ flags: "PA", seq: 1, ack: -900_000, text: "abc" }],
  },
  {
    what: "a keep-alive probe",
    in: "ESTABLISHED",
    sends: [{ flags: "A", seq: 0, ack: 1 }],
  },
  {
    what: "octets beyond the window",
    in: "ESTABLISHED",
    sends: [{ flags: "PA", seq: 900_000, ack: 1, text: "abc" }],
  },
  {
    what: "FIN, and FIN again",
    in: "ESTABLISHED",
    sends: [{ flags: "FA", seq: 1, ack: 1 }, { flags: "FA", seq: 1, ack: 1 }],
  },
  {
    what: "an older timestamp than the last",
    in: "ESTABLISHED",
    timestamps: true,
    sends: [
      { flags: "PA", seq: 1, ack: 1, text: "abc", at: 200 },
      { flags: "PA", seq: 4, ack: 1, text: "def", at: 100 },
    ],
  },
];

/** Something that speaks TCP at HOST. */
interface Speaker {
  /** What it answers. */
  hear(octets: Uint8Array): Promise<TcpPacket[]>;
}

netnsTest(
  "Our stack answers what the kernel answers, segment for segment [RFC 9293 §3.10.7, RFC 5961, RFC 2018, RFC 2883]",
  ["host"],
  ({ host }) =>
    withChangedLibc(withoutHeaders, async (openTun) => {
      await host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
      const tun = { name: "tun0", mtu: 1500, log: silentLog };
      await using device = await host.inside(() => openTun(tun));
      await host.ip(`addr add ${HOST}/24 dev tun0`);
      // Challenge ACKs: as often as each case needs them.
      await host.sysctl("net.ipv4.tcp_invalid_ratelimit", 0);
      using _listener = await host.inside(() =>
        Deno.listen({ hostname: HOST, port: OPEN })
      );
      const kernel = kernelBehind(device);
      const ours = ourStack();
      for (const [index, row] of CASES.entries()) {
        const port = 20_000 + index;
        const heard = await play(row, port, kernel);
        assertEquals(await play(row, port, ours), heard, row.what);
      }
    }),
);

/** What `speaker` answers to each segment of the case, as text with numbers counted from the SYNs. */
async function play(
  row: Case,
  port: number,
  speaker: Speaker,
): Promise<string[]> {
  let iss = 0;
  const send = async (stimulus: Stimulus): Promise<string> => {
    const heard = await speaker.hear(encode(row, stimulus, port, iss));
    const answers = heard.filter(({ destinationPort }) =>
      destinationPort === port
    );
    const syn = answers.find(({ flags }) => flags === "SA");
    if (syn !== undefined) iss = syn.seq;
    return answers.map((answer) => describe(answer, iss)).join(" ");
  };
  if (row.in !== undefined) await send({ flags: "S" });
  if (row.in === "ESTABLISHED") await send({ flags: "A", seq: 1, ack: 1 });
  const said = [];
  for (const stimulus of row.sends) said.push(await send(stimulus));
  return said;
}

function encode(
  { port = OPEN, timestamps }: Case,
  { flags, seq = 0, ack, text = "", at = 100 }: Stimulus,
  sourcePort: number,
  iss: number,
): Uint8Array {
  const syn = flags.includes("S") ? [2, 4, 5, 0xb4, 1, 1, 4, 2] : [];
  const stamps = timestamps ? [1, 1, 8, 10, ...u32(at), ...u32(0)] : [];
  return tcp({
    src: PEER,
    dst: HOST,
    sourcePort,
    destinationPort: port,
    seq: (IRS + seq) >>> 0,
    ack: ack === undefined ? 0 : (iss + ack) >>> 0,
    flags,
    window: 60_000,
    options: bytes(syn, stamps),
    payload: new TextEncoder().encode(text),
  });
}

function describe(
  { flags, seq, ack, options }: TcpPacket,
  iss: number,
): string {
  const acked = flags.includes("A") ? ` ack ${(ack - IRS) | 0}` : "";
  return `${flags} ${(seq - iss) | 0}${acked}${sackIn(options)}`;
}

function sackIn(options: Uint8Array): string {
  const data = new DataView(options.slice().buffer);
  for (let at = 0; at < options.length;) {
    const kind = data.getUint8(at);
    if (kind === 5) {
      const edges = [];
      for (let i = at + 2; i < at + data.getUint8(at + 1); i += 4) {
        edges.push((data.getUint32(i) - IRS) | 0);
      }
      return ` sack ${edges}`;
    }
    at += kind === 1 ? 1 : data.getUint8(at + 1);
  }
  return "";
}

function kernelBehind(device: Device): Speaker {
  return {
    async hear(octets) {
      const packet = createPacketBuffer();
      packet.bytes.set(octets, packet.start);
      packet.length = octets.length;
      packet.checksum = "good";
      device.send(packet);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE));
      const answers = [];
      while (device.receive(packet)) {
        if (readIp(packet).protocol === 6) answers.push(readTcp(packet));
      }
      return answers;
    },
  };
}

function ourStack(): Speaker {
  let now = 1000;
  const stack: Stack = createStack({
    mtu: 1500,
    offload: NO_OFFLOAD,
    random: (into) => into.fill(7),
    gateways: new Set(),
    broadcasts: new Set(),
    udpTimeout: 1000,
    onSyn: (syn) => {
      if (syn.segment().destinationPort === OPEN) syn.accept();
      else syn.reject("refused");
    },
    onSession: (session) => session.reject("silent"),
    onDirty: () => {},
  });
  return {
    hear(octets) {
      now += 10;
      const answers: TcpPacket[] = [];
      stack.receive(packetBuffer(octets), now);
      stack.poll(now, (packet) => {
        answers.push(readTcp(clonePacket(packet)));
        return true;
      });
      return Promise.resolve(answers);
    },
  };
}
