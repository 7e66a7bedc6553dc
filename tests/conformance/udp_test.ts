import { assertEquals, assertExists } from "@std/assert";
import { makeFlowKey } from "../../src/stack/flow_key.ts";
import { parseAddress } from "../../src/wire/address.ts";
import type { Drill } from "../support/drill.ts";
import { drill, OFFLOAD } from "../support/drill.ts";
import {
  bytes,
  internetChecksum,
  ip,
  readIp,
  readUdp,
  u16,
  udp,
  udpOctets,
} from "../support/packet.ts";

const FLOW = {
  src: "10.0.0.2",
  dst: "192.0.2.1",
  sourcePort: 5000,
  destinationPort: 53,
};

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

function accepted(
  d: Drill,
): { session: Drill["sessions"][0]; got: Uint8Array[] } {
  const session = d.sessions.at(-1);
  if (session === undefined) throw new Error("no session");
  const got: Uint8Array[] = [];
  session.accept((payload) => got.push(payload.slice()));
  return { session, got };
}

Deno.test("115, 116 UDP passes datagrams of every size both ways, empty ones too [RFC 768]", () => {
  for (const length of [0, 1, 512, 1392, 65_507]) {
    const d = drill("LISTEN", { offload: OFFLOAD });
    const payload = counting(length);
    d.inRaw(udp({ ...FLOW, payload }));
    const { session, got } = accepted(d);
    assertEquals(got, [payload]);

    session.send(payload);

    const [reply] = d.poll().emitted.splice(0).map(readUdp);
    assertEquals(reply?.payload, payload);
    assertEquals([reply?.src, reply?.sourcePort], ["192.0.2.1", 53]);
    assertEquals([reply?.dst, reply?.destinationPort], ["10.0.0.2", 5000]);
  }
});

Deno.test("116 UDP sends fragments where the device takes no more than its MTU [RFC 791 §2.3, RFC 8200 §4.5]", () => {
  const d = drill("LISTEN");
  d.inRaw(udp({ ...FLOW, payload: bytes(1) }));
  accepted(d).session.send(counting(3000));

  const pieces = d.poll().emitted.splice(0).map(readIp);

  assertEquals(pieces.map(({ fragment }) => fragment), [0x2000, 0x20af, 0x15e]);
  assertEquals(new Set(pieces.map((piece) => piece.identification)).size, 1);
  const whole = bytes(...pieces.map(({ payload }) => payload));
  assertEquals(whole.subarray(8), counting(3000));
  assertEquals(
    internetChecksum(
      bytes([192, 0, 2, 1, 10, 0, 0, 2, 0, 17], u16(3008), whole),
    ),
    0,
  );
});

Deno.test("116 UDP in IPv6 sends fragments with a fragment header [RFC 8200 §4.5]", () => {
  const d = drill("LISTEN");
  d.inRaw(
    udp({ ...FLOW, src: "fd00::2", dst: "2001:db8::1", payload: bytes() }),
  );
  accepted(d).session.send(counting(2000));

  const pieces = d.poll().emitted.splice(0).map(readIp);

  assertEquals(pieces.map(({ protocol }) => protocol), [44, 44]);
  const headers = pieces.map(({ payload }) => [...payload.subarray(0, 4)]);
  assertEquals(headers, [[17, 0, ...u16(1)], [17, 0, ...u16(1368)]]);
  const whole = bytes(...pieces.map(({ payload }) => payload.subarray(8)));
  assertEquals(whole.subarray(8), counting(2000));
});

Deno.test("112 UDP takes a zero checksum in IPv4, not in IPv6, and drops a bad one [RFC 768, RFC 8200 §8.1]", () => {
  const zero = udpOctets({ ...FLOW, payload: bytes(1) });
  zero.set([0, 0], 6);
  const bad = udpOctets({ ...FLOW, payload: bytes(1) });
  bad.set([1, 2], 6);
  const d = drill("LISTEN");
  const { src, dst } = FLOW;
  d.inRaw(ip({ src, dst, protocol: 17, payload: bad })).silent();
  d.inRaw(
    ip({ src: "fd00::2", dst: "2001:db8::1", protocol: 17, payload: zero }),
  );
  assertEquals([d.sessions.length, d.drops("udp.checksum")], [0, 2]);

  d.inRaw(ip({ src, dst, protocol: 17, payload: zero }));
  assertEquals(d.sessions.length, 1);
});

Deno.test("113 UDP sends a sum of zero as all ones [RFC 768]", () => {
  const d = drill("LISTEN");
  d.inRaw(udp({ ...FLOW, payload: bytes() }));
  const { session } = accepted(d);
  // Of the 65 536 contents of two octets one sums to zero.
  const sums = new Set<number>();
  for (let value = 0; value < 65_536; value++) {
    session.send(bytes(u16(value)));
    const [packet] = d.poll().emitted.splice(0);
    if (packet) sums.add(packet.view.getUint16(packet.start + 26));
  }
  assertEquals([sums.has(0), sums.has(0xffff)], [false, true]);
});

Deno.test("114 UDP goes by its own length field [RFC 768]", () => {
  const { src, dst } = FLOW;
  const packet = (length: number) => {
    const payload = bytes(u16(5000), u16(53), u16(length), 0, 0, 1, 2, 3, 4);
    return ip({ src, dst, protocol: 17, payload });
  };
  const d = drill("LISTEN");
  d.inRaw(packet(7)).inRaw(packet(13)).inRaw(packet(0)).silent();
  assertEquals([d.sessions.length, d.drops("udp.header")], [0, 3]);

  d.inRaw(packet(10));
  assertEquals(accepted(d).got, [bytes(1, 2)]);
});

Deno.test("117 UDP takes a super-packet apart [virtio 1.3 §5.1.6]", () => {
  const d = drill("LISTEN");
  const payload = counting(12_007);
  d.inRaw(udp({ ...FLOW, payload }), {
    checksum: "partial",
    segmentSize: 1200,
  });
  const { got } = accepted(d);

  assertEquals(got.map(({ length }) => length), [
    ...Array.from({ length: 10 }, () => 1200),
    7,
  ]);
  assertEquals(bytes(...got), payload);
  d.inRaw(udp({ ...FLOW, payload: bytes(5) }), { segmentSize: 1200 });
  assertEquals(got.at(-1), bytes(5));
});

Deno.test("118 UDP makes one session for each source and destination", () => {
  const d = drill("LISTEN");
  const payload = bytes(1);
  d.inRaw(udp({ ...FLOW, payload }));
  d.inRaw(udp({ ...FLOW, payload }));
  d.inRaw(udp({ ...FLOW, sourcePort: 5001, payload }));
  d.inRaw(udp({ ...FLOW, destinationPort: 54, payload }));
  d.inRaw(udp({ ...FLOW, dst: "192.0.2.2", payload }));
  assertEquals(d.sessions.length, 4);
});

Deno.test("118 UDP passes on what another address answers, with that one as source [RFC 4787 §5]", () => {
  const d = drill("LISTEN").inRaw(udp({ ...FLOW, payload: bytes(1) }));
  const { session } = accepted(d);
  const other = parseAddress("203.0.113.9");
  const client = parseAddress(FLOW.src);
  assertExists(other);
  assertExists(client);
  session.send(
    bytes(7),
    makeFlowKey(
      { address: client, port: FLOW.sourcePort },
      { address: other, port: 9000 },
    ),
  );

  const [reply] = d.poll().emitted.map(readUdp);
  assertEquals([reply?.src, reply?.sourcePort], ["203.0.113.9", 9000]);
  assertEquals([reply?.dst, reply?.destinationPort], [FLOW.src, 5000]);
});

Deno.test("UDP holds 64 datagrams until the session is accepted, and drops the newest then", () => {
  const d = drill("LISTEN");
  for (let i = 0; i < 70; i++) d.inRaw(udp({ ...FLOW, payload: bytes(i) }));

  const { got } = accepted(d);

  assertEquals(got.map(([first]) => first), [...counting(64)]);
  assertEquals(d.drops("udp.queue"), 6);
});

Deno.test("119 UDP ends a session after 30 s without a datagram in either direction", () => {
  const d = drill("LISTEN").inRaw(udp({ ...FLOW, payload: bytes(1) }));
  const { session } = accepted(d);
  let closed = 0;
  session.onClosed = () => closed++;

  d.advance(20_000).inRaw(udp({ ...FLOW, payload: bytes(2) }));
  d.advance(20_000);
  session.send(bytes(3));
  d.poll().advance(29_999);
  assertEquals(closed, 0);

  d.advance(1);
  assertEquals([closed, [...d.stack.udpSessions()].length], [1, 0]);
  d.inRaw(udp({ ...FLOW, payload: bytes(4) }));
  assertEquals(d.sessions.length, 2);
});

Deno.test("111 UDP turns a session down with ICMP that quotes the datagram [RFC 1122 §3.2.2.1, RFC 4443 §3.1]", () => {
  const rows = [
    ["192.0.2.1", "refused", [3, 3]],
    ["192.0.2.1", "unreachable", [3, 1]],
    ["192.0.2.1", "prohibited", [3, 13]],
    ["2001:db8::1", "refused", [1, 4]],
    ["2001:db8::1", "unreachable", [1, 3]],
    ["2001:db8::1", "prohibited", [1, 1]],
  ] as const;
  for (const [dst, refusal, typeAndCode] of rows) {
    const ipv6 = dst.includes(":");
    const d = drill("LISTEN");
    const src = ipv6 ? "fd00::2" : "10.0.0.2";
    d.inRaw(udp({ ...FLOW, src, dst, payload: counting(2000) }));

    d.sessions[0]?.reject(refusal);

    const [message] = d.poll().emitted.splice(0).map(readIp);
    const octets = message?.payload ?? bytes();
    assertEquals([...octets.subarray(0, 2)], [...typeAndCode]);
    // RFC 1812 §4.3.2.3, RFC 4443 §2.4 (c).
    assertEquals(octets.length + (ipv6 ? 40 : 20), ipv6 ? 1280 : 576);
    const quoted = octets.subarray(8 + (ipv6 ? 40 : 20));
    assertEquals([...quoted.subarray(0, 4)], [...u16(5000), ...u16(53)]);
    assertEquals(quoted.subarray(8, 20), counting(12));
    d.inRaw(udp({ ...FLOW, src, dst, payload: bytes(1) }));
    assertEquals(d.sessions.length, 2);
  }
});

Deno.test("UDP says nothing about a session that is turned down in silence", () => {
  const d = drill("LISTEN").inRaw(udp({ ...FLOW, payload: bytes(1) }));
  d.sessions[0]?.reject("silent");
  d.poll().silent();
});

Deno.test("110 UDP sends no more than a thousand ICMP errors in a second, and a hundred to one source [RFC 1812 §4.3.2.8]", () => {
  const errorsFor = (sources: number) => {
    const d = drill("LISTEN");
    for (let i = 0; i < 10_000; i++) {
      d.now += 0.1;
      const src = `10.0.1.${1 + i % sources}`;
      d.inRaw(udp({ ...FLOW, src, sourcePort: 1 + i, payload: bytes(1) }));
      d.sessions.pop()?.reject("refused");
    }
    return d.poll().emitted.length;
  };
  assertEquals(errorsFor(1) > 100 && errorsFor(1) <= 150, true);
  assertEquals(errorsFor(100) > 900 && errorsFor(100) <= 1050, true);
});

Deno.test("119 UDP keeps 8192 sessions; the one that was silent for the longest time makes room", () => {
  const d = drill("LISTEN");
  const closed: number[] = [];
  const from = (port: number) =>
    d.inRaw(udp({ ...FLOW, sourcePort: port, payload: bytes(1) }));
  for (let port = 1; port <= 8192; port++) {
    d.now += 1;
    from(port);
    const session = d.sessions.at(-1);
    session?.accept(() => {});
    if (session) session.onClosed = () => closed.push(port);
  }
  d.now += 1;
  from(1);

  from(9000);

  assertEquals(closed, [2]);
});
