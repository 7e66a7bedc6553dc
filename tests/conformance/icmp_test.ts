import { assertEquals } from "@std/assert";
import { type Drill, drill, type DrillOptions } from "../support/drill.ts";
import {
  bytes,
  icmp,
  ip,
  readIp,
  tcp,
  u16,
  u32,
  udp,
  udpOctets,
} from "../support/packet.ts";

const V6 = { src: "fd00::2", dst: "2001:db8::1" };
const FAMILIES = [{ ipv6: false }, { ipv6: true }] as const;

interface SeenError {
  readonly src: string;
  readonly type: number;
  readonly code: number;
  readonly parameter: number;
  readonly quoted: Uint8Array;
}

/** The next packet that the stack emitted, an ICMP error. */
function nextError(d: Drill): SeenError | undefined {
  const packet = d.emitted.shift();
  if (packet === undefined) return undefined;
  const { src, payload } = readIp(packet);
  const view = new DataView(payload.slice().buffer);
  return {
    src,
    type: view.getUint8(0),
    code: view.getUint8(1),
    parameter: view.getUint32(4),
    quoted: payload.subarray(8),
  };
}

/** Type, code and parameter of the only error that `packet` brings about. */
function answerTo(packet: Uint8Array): number[] | undefined {
  const d = drill("LISTEN").inRaw(packet);
  const error = nextError(d);
  d.silent();
  if (error === undefined) return undefined;
  assertEquals(error.quoted, packet.subarray(0, 1232));
  return [error.type, error.code, error.parameter];
}

const options = (next: number, type: number) => [next, 0, type, 4, 0, 0, 0, 0];

Deno.test("105 An unknown IPv6 option is skipped, dropped or reported as its two upper bits say [RFC 8200 §4.2]", () => {
  const datagram = (dst: string) =>
    udpOctets({
      src: V6.src,
      dst,
      sourcePort: 1,
      destinationPort: 2,
      payload: bytes(),
    });
  const packet = (header: number, type: number, dst = V6.dst) =>
    ip({
      src: V6.src,
      dst,
      protocol: header,
      payload: bytes(options(17, type), datagram(dst)),
    });
  for (const header of [0, 60]) {
    assertEquals(answerTo(packet(header, 0x1e)), undefined);
    const skipped = drill("LISTEN").inRaw(packet(header, 0x1e));
    assertEquals(skipped.sessions.length, 1);
    assertEquals(answerTo(packet(header, 0x5e)), undefined);
    assertEquals(drill("LISTEN").inRaw(packet(header, 0x5e)).sessions, []);
    assertEquals(answerTo(packet(header, 0x9e)), [4, 2, 42]);
    assertEquals(answerTo(packet(header, 0xde)), [4, 2, 42]);
    assertEquals(answerTo(packet(header, 0x9e, "ff02::1")), [4, 2, 42]);
    assertEquals(answerTo(packet(header, 0xde, "ff02::1")), undefined);
  }
});

Deno.test("105 An option that reaches beyond its header spoils the packet in silence [RFC 8200 §4.2]", () => {
  const payload = bytes([17, 0, 0x9e, 9, 0, 0, 0, 0]);
  const d = drill("LISTEN").inRaw(ip({ ...V6, protocol: 60, payload }));
  assertEquals(d.silent().drops("ip.extension headers"), 1);
});

Deno.test("106 An unknown next header is reported with its place, none at all is not [RFC 8200 §4, RFC 4443 §3.4]", () => {
  for (const protocol of [50, 51, 135, 139, 140, 253]) {
    const payload = bytes(1, 2, 3, 4, 5, 6, 7, 8);
    assertEquals(answerTo(ip({ ...V6, protocol, payload })), [4, 1, 6]);
    const behind = bytes(options(protocol, 1), payload);
    assertEquals(
      answerTo(ip({ ...V6, protocol: 60, payload: behind })),
      [4, 1, 40],
    );
  }
  const nothing = ip({ ...V6, protocol: 59, payload: bytes(1, 2) });
  assertEquals(answerTo(nothing), undefined);
});

Deno.test("106 A routing header with segments left is reported, one without is skipped [RFC 8200 §4.4, RFC 5095]", () => {
  const payload = (left: number, type: number) =>
    bytes([58, 0, type, left, 0, 0, 0, 0], [128, 0, 0, 0, 0, 0, 0, 0]);
  for (const type of [0, 2, 4]) {
    const packet = (left: number) =>
      ip({ ...V6, protocol: 43, payload: payload(left, type) });
    assertEquals(answerTo(packet(1)), [4, 0, 42]);
    assertEquals(answerTo(packet(0)), undefined);
  }
});

Deno.test("109 No error is sent about an error, a multicast, or an address that no host has [RFC 4443 §2.4 (e), RFC 1122 §3.2.2]", () => {
  const about = (payload: Uint8Array, protocol: number, ends = V6) =>
    answerTo(ip({ ...ends, protocol, payload }));
  const error = bytes(options(58, 0x9e), [1, 4, 0, 0, 0, 0, 0, 0]);
  assertEquals(about(error, 60), undefined);
  const unknown = bytes(1, 2, 3, 4);
  assertEquals(about(unknown, 253, { ...V6, dst: "ff02::1" }), undefined);
  assertEquals(about(unknown, 253, { ...V6, src: "::" }), undefined);
  assertEquals(about(unknown, 253, { ...V6, src: "ff02::1" }), undefined);
});

Deno.test("109 No error is sent about a fragment that is not the first [RFC 1122 §3.2.2]", () => {
  const d = drill("LISTEN");
  const rest = { src: "10.0.0.2", dst: "192.0.2.1", protocol: 253 };
  // Too short to be followed by another, and of a protocol that nobody speaks.
  for (const [identification, octets] of [[1, 13], [2, 16]] as const) {
    const payload = new Uint8Array(octets);
    const fragment = 0x2001;
    d.inRaw(ip({ ...rest, payload }, { identification, fragment }));
  }
  assertEquals(d.advance(31_000).emitted, []);
  const header = [253, 0, ...u16(8 << 3 | 1), ...u32(9)];
  const payload = bytes(header, new Uint8Array(8));
  assertEquals(answerTo(ip({ ...V6, protocol: 44, payload })), undefined);
});

Deno.test("103 An impossible IPv6 fragment is reported with the place of its mistake [RFC 8200 §4.5, RFC 7112 §5]", () => {
  const fragment = (next: number, offset: number, octets: number) =>
    ip({
      ...V6,
      protocol: 44,
      payload: bytes(
        [next, 0, ...u16(offset), ...u32(9)],
        new Uint8Array(octets),
      ),
    });
  assertEquals(answerTo(fragment(17, 1, 13)), [4, 0, 4]);
  assertEquals(answerTo(fragment(17, 0xfff8, 100)), [4, 0, 42]);
  assertEquals(answerTo(fragment(6, 1, 16)), [4, 3, 0]);
  assertEquals(answerTo(fragment(60, 1, 8)), [4, 3, 0]);
});

Deno.test("104 Time exceeded quotes the first fragment of what never came, and says nothing without it [RFC 792, RFC 4443 §3.3]", () => {
  const piece4 = (fragment: number) =>
    ip(
      {
        src: "10.0.0.2",
        dst: "192.0.2.1",
        protocol: 17,
        payload: new Uint8Array(1000),
      },
      { identification: 3, fragment },
    );
  const piece6 = (offset: number) =>
    ip({
      ...V6,
      protocol: 44,
      payload: bytes([17, 0, ...u16(offset), ...u32(9)], new Uint8Array(1240)),
    });
  const four = drill("LISTEN").inRaw(piece4(0x2000)).advance(30_000);
  const error4 = nextError(four);
  assertEquals(
    [error4?.src, error4?.type, error4?.code, error4?.quoted],
    ["192.0.2.1", 11, 1, piece4(0x2000).subarray(0, 548)],
  );
  const six = drill("LISTEN").inRaw(piece6(1)).advance(60_000);
  const error6 = nextError(six);
  assertEquals(
    [error6?.src, error6?.type, error6?.code, error6?.quoted],
    ["2001:db8:0:0:0:0:0:1", 3, 1, piece6(1).subarray(0, 1232)],
  );
  drill("LISTEN").inRaw(piece4(0x2008)).inRaw(piece6(0x509))
    .advance(60_000).silent();
});

/** What the stack's last segment looked like, as an ICMP error brings it back. */
function quote(d: Drill, seq: number, length = 1420): Uint8Array {
  const whole = tcp({
    src: d.server,
    dst: d.client,
    sourcePort: 80,
    destinationPort: 40_000,
    seq: seq >>> 0,
    ack: 0,
    flags: "A",
    window: 0,
    options: bytes(),
    payload: new Uint8Array(length - (d.client.includes(":") ? 60 : 40)),
  });
  return whole.subarray(0, d.client.includes(":") ? 48 : 28);
}

/** "Fragmentation needed", or "packet too big". */
function tooBig(d: Drill, mtu: number, quoted: Uint8Array): Drill {
  const message = d.client.includes(":")
    ? bytes(2, 0, 0, 0, u32(mtu), quoted)
    : bytes(3, 4, 0, 0, 0, 0, u16(mtu), quoted);
  return d.inRaw(icmp(d.client, d.server, message));
}

function flying(options: DrillOptions): Drill {
  return drill("ESTABLISHED", { ...options, syn: { mss: 1360 } }).write(3000)
    .out({ seq: 1 }).out({ seq: 1361 }).out();
}

Deno.test("91 A router's MTU makes segments smaller and has what was lost sent again at once [RFC 1191 §6.4, RFC 8201 §5.4]", () => {
  for (const family of FAMILIES) {
    const d = flying(family);
    const mss = 1300 - (family.ipv6 ? 60 : 40);
    tooBig(d, 1300, quote(d, d.socket.snd.sndUna));
    d.out({ seq: 1, text: mss }).out({ seq: 1 + mss, text: mss })
      .out({ text: 3000 - 2 * mss }).silent();
    // The next MTU that this path tells is not smaller: nothing to do.
    tooBig(d, 1400, quote(d, d.socket.snd.sndUna)).silent();
    assertEquals(d.drops("icmp.soft error"), 1);
  }
});

Deno.test("91 An MTU that quotes no segment in flight changes nothing [RFC 5927 §7.2]", () => {
  for (const family of FAMILIES) {
    const d = flying(family);
    const { sndUna, sndNxt } = d.socket.snd;
    tooBig(d, 1300, quote(d, sndUna - 1)).silent();
    tooBig(d, 1300, quote(d, sndNxt)).silent();
    assertEquals(d.drops("icmp.soft error"), 2);
    d.write(1360).out({ text: 1360 });
  }
});

Deno.test("91 No router makes segments smaller than the default MSS; without an MTU the next plateau is tried [RFC 1191 §7.1]", () => {
  const four = flying({});
  tooBig(four, 68, quote(four, four.socket.snd.sndUna)).out({ text: 536 });
  const six = flying({ ipv6: true });
  tooBig(six, 68, quote(six, six.socket.snd.sndUna)).out({ text: 1220 });
  const old = flying({});
  tooBig(old, 0, quote(old, old.socket.snd.sndUna)).out({ text: 966 });
});

Deno.test("92 Other errors leave a connection alone [RFC 5927 §4, RFC 1122 §4.2.3.9]", () => {
  for (const [type, code] of [[3, 1], [3, 3], [11, 0], [12, 0]] as const) {
    const d = flying({});
    const quoted = quote(d, d.socket.snd.sndUna);
    d.inRaw(
      icmp(d.client, d.server, bytes(type, code, 0, 0, 0, 0, 0, 0, quoted)),
    ).silent();
    assertEquals([d.socket.state(), d.events], ["ESTABLISHED", []]);
  }
});

Deno.test("91 ICMP errors that are cut short or lie about themselves are ignored", () => {
  const d = flying({});
  const quoted = quote(d, d.socket.snd.sndUna);
  for (let length = 0; length < quoted.length; length++) {
    tooBig(d, 1300, quoted.subarray(0, length)).silent();
  }
  tooBig(d, 1300, bytes(0x4f, quoted.subarray(1))).silent();
  tooBig(d, 1300, bytes(0x65, quoted.subarray(1))).silent();
  assertEquals(d.drops("icmp.soft error"), 30);
});

Deno.test("121 Port unreachable from the application ends its UDP session [RFC 5508 §4.2]", () => {
  for (const { ipv6 } of FAMILIES) {
    const d = drill("LISTEN", { ipv6 });
    const ends = { src: d.client, dst: d.server };
    const ports = { sourcePort: 5000, destinationPort: 53 };
    d.inRaw(udp({ ...ends, ...ports, payload: bytes(1) }));
    const [session] = d.sessions;
    let closed = 0;
    if (session !== undefined) session.onClosed = () => closed++;
    const reply = udp({
      src: d.server,
      dst: d.client,
      sourcePort: 53,
      destinationPort: 5000,
      payload: bytes(2),
    });
    const type = ipv6 ? [1, 4] : [3, 3];
    const error = bytes(type, [0, 0, 0, 0, 0, 0], reply);
    d.inRaw(icmp(d.client, d.server, error)).silent();
    assertEquals([closed, [...d.stack.udpSessions()]], [1, []]);
    d.inRaw(icmp(d.client, d.server, error)).silent();
    assertEquals(d.drops("icmp.soft error"), 1);
  }
});
