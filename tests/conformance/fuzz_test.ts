import { assertEquals } from "@std/assert";
import { drill, OFFLOAD } from "../support/drill.ts";
import { randomOf } from "../support/link.ts";
import {
  bytes,
  clonePacket,
  icmp,
  readIp,
  tcp,
  udp,
} from "../support/packet.ts";

const SEED = 20261123;

Deno.test(`Random octets never throw and make no packet (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  const d = drill("LISTEN");
  for (let i = 0; i < 20_000; i++) {
    const octets = new Uint8Array(random() * 120);
    for (let j = 0; j < octets.length; j++) octets[j] = random() * 256;
    octets[0] = random() < 0.5 ? 0x45 : 0x60;
    d.inRaw(octets, { checksum: random() < 0.5 ? "unknown" : "partial" });
  }
  d.silent();
});

Deno.test(`Packets with changed octets never throw, and what they cause is well-formed (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  const pick = (n: number) => Math.floor(random() * n);
  const d = drill("ESTABLISHED", {
    offload: OFFLOAD,
    syn: { mss: 1380, scale: 7, sackPermitted: true, timestamps: [1, 0] },
  });
  const ack = d.socket.snd.sndNxt >>> 0;
  const segment = () =>
    tcp({
      src: d.client,
      dst: d.server,
      sourcePort: 40_000,
      destinationPort: 80,
      seq: (5001 + pick(3000) - 1000) >>> 0,
      ack: (ack + pick(2000) - 1000) >>> 0,
      flags: ["A", "PA", "FA", "S", "SA", "R", "RA", "SF", ""][pick(9)] ?? "A",
      window: pick(65_536),
      options: pick(2)
        ? bytes(1, 1, 5, 10, 0, 0, 0, pick(9), 0, 0, 0, 9)
        : bytes(),
      payload: new Uint8Array(pick(3000)),
    });
  const makers = [
    segment,
    segment,
    segment,
    () => udp({ ...FLOW, payload: new Uint8Array(pick(50)) }),
    () => icmp(FLOW.src, "10.0.0.1", bytes(8, 0, [0, 0, 1, 2, 3, 4])),
  ];
  for (let i = 0; i < 20_000; i++) {
    const octets = makers[pick(makers.length)]?.() ?? bytes();
    for (let n = pick(4); n > 0; n--) octets[pick(octets.length)] = pick(256);
    d.inRaw(octets, {
      checksum: "partial",
      segmentSize: pick(4) === 0 ? pick(2000) : 0,
    });
    if (pick(8) === 0) d.advance(pick(400));
    if (pick(4) === 0) d.socket.write(new Uint8Array(pick(4000)));
    if (pick(4) === 0) d.socket.read(() => {});
    for (const syn of d.syns.splice(0)) {
      if (pick(2)) syn.accept();
      else syn.reject(pick(2) ? "refused" : "unreachable");
    }
    for (const session of d.sessions.splice(0)) {
      if (pick(2)) session.accept((payload) => session.send(payload));
      else session.reject("refused");
    }
    for (const packet of d.poll().emitted.splice(0)) {
      readIp(clonePacket(packet));
    }
  }
  assertEquals(d.stack.pollAt() > d.now, true);
});

const FLOW = {
  src: "10.0.0.2",
  dst: "192.0.2.9",
  sourcePort: 5000,
  destinationPort: 53,
};
