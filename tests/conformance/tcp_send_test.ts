import { assertEquals } from "@std/assert";
import { SEND_BOUND } from "../../src/stack/tcp/send_buffer.ts";
import { type Drill, drill, OFFLOAD, test } from "../support/drill.ts";

/** Takes everything emitted and returns its text lengths. */
function lengths(d: Drill): number[] {
  return d.emitted.splice(0).map((packet) => {
    d.emitted.push(packet);
    return String(d.next().text).length;
  });
}

test("55 TCP cuts what is written into segments of the peer's MSS and pushes the last [RFC 9293 §3.7.1, §3.9.1.2]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1000 } });

  d.write(2500);

  d.out({ flags: "A", seq: 1, text: 1000 });
  d.out({ flags: "A", seq: 1001, text: 1000 });
  d.out({ flags: "PA", seq: 2001, text: 500 }).silent();
});

test("55 TCP deducts the timestamps from the MSS [RFC 6691 §2]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1000, timestamps: [1, 0] } });

  d.write(1500).out({ text: 988 }).out({ text: 512 });
});

test("55 TCP sends super-packets where the device takes them, cut at the peer's MSS", () => {
  const d = drill("ESTABLISHED", {
    offload: OFFLOAD,
    syn: { mss: 1000, scale: 7 },
  });
  d.in({ seq: 1, ack: 1, window: 8000 });

  d.write(100_000);

  const sizes = d.emitted.map((packet) => packet.segmentSize);
  assertEquals(sizes, [1000, 1000]);
  assertEquals(lengths(d), [65_000, 35_000]);
});

Deno.test("TCP sends segments of the largest MTU with room for every option [K28]", () => {
  const d = drill("ESTABLISHED", {
    mtu: 65_535,
    offload: OFFLOAD,
    syn: { mss: 65_495, scale: 7, timestamps: [1, 0], sackPermitted: true },
  });
  d.in({ seq: 1, ack: 1, window: 8000, timestamps: [2, 0] });

  d.write(100_000);

  assertEquals(lengths(d), [65_455, 34_545]);
});

test("TCP sends a short segment as an ordinary packet although the device takes super-packets", () => {
  const d = drill("ESTABLISHED", { offload: OFFLOAD });
  d.write("hello");

  assertEquals(d.emitted[0]?.segmentSize, 0);
  assertEquals(d.emitted[0]?.checksum, "partial");
});

test("95 TCP joins small writes of one turn and does not wait between turns [RFC 9293 §3.7.4, Nagle off]", () => {
  const d = drill("ESTABLISHED");
  d.socket.write(Uint8Array.of(0x61));
  d.socket.write(Uint8Array.of(0x62));
  d.poll().out({ flags: "PA", text: "ab" }).silent();

  d.write("c").out({ flags: "PA", text: "c" }).silent();
});

test("56 TCP sends no more than the peer's window, whole segments first [RFC 9293 §3.8.6.2.1]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1000, window: 2500 } });

  d.write(5000);

  // Two segments leave; the 500 octets that the window has left are a silly segment.
  assertEquals(lengths(d), [1000, 1000]);
  d.in({ seq: 1, ack: 2001, window: 2500 });
  assertEquals(lengths(d), [1000, 1000]);
  d.in({ seq: 1, ack: 4001, window: 2500 });
  assertEquals(lengths(d), [1000]);
});

test("TCP sends half of the largest window seen when it never fits a segment [RFC 9293 §3.8.6.2.1]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1000, window: 400 } });
  d.write(1000).out({ text: 400 }).silent();
});

test("57 TCP honours the window of the SYN unscaled, later ones scaled [RFC 7323 §2.2]", () => {
  const d = drill("SYN-RECEIVED", {
    syn: { mss: 100, scale: 4, window: 16 },
  });
  d.write(3000).silent();

  d.in({ seq: 1, ack: 1, window: 16 });

  assertEquals(lengths(d), [100, 100]);
});

test("62 TCP does not take the window of an older ACK [RFC 9293 §3.10.7.4]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 500, window: 1000 } });
  d.write(3000);
  assertEquals(lengths(d), [500, 500]);
  d.in({ seq: 1, ack: 1001, window: 500 });
  assertEquals(lengths(d), [500]);

  d.in({ seq: 1, ack: 501, window: 9000 }).silent();
});

test("58, 60 TCP probes a shut window after 1 RTO and then ever more rarely, up to 60 s [RFC 9293 §3.8.6.1]", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 1, ack: 1, window: 0 });
  d.write("hello").silent();

  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    const start = d.now;
    while (d.emitted.length === 0) d.advance(10);
    waits.push(d.now - start);
    d.out({ flags: "A", seq: 0, text: "" }).silent();
    d.in({ seq: 1, ack: 1, window: 0 });
  }
  assertEquals(
    waits,
    [200, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000],
  );
  assertEquals(d.events, []);

  d.in({ seq: 1, ack: 1, window: 100 }).out({ flags: "PA", text: "hello" });
});

test("59 TCP gives up when its probes are not answered for 100 s [RFC 9293 §3.8.3]", () => {
  const d = drill("ESTABLISHED");
  d.in({ seq: 1, ack: 1, window: 0 });
  d.write("hello").advance(250_000);

  assertEquals(d.events.at(-1), "closed timeout");
});

test("TCP sends a silly segment when the window stays small [RFC 9293 §3.8.6.2.1 (override)]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1000, window: 4000 } });
  d.in({ seq: 1, ack: 1, window: 4000 });
  d.in({ seq: 1, ack: 1, window: 10 });
  d.write("hello world, hello").silent();

  d.advance(200).out({ text: 10 }).silent();
});

test("61 TCP stops when the peer shrinks its window, and goes on when it opens [RFC 9293 §3.8.6]", () => {
  const d = drill("ESTABLISHED", { syn: { mss: 1000, window: 3000 } });
  d.write(6000);
  assertEquals(lengths(d), [1000, 1000, 1000]);

  d.in({ seq: 1, ack: 1001, window: 500 }).silent();
  d.in({ seq: 1, ack: 3001, window: 3000 });

  assertEquals(lengths(d), [1000, 1000, 1000]);
});

Deno.test("63 TCP sends unacknowledged octets again after 200 ms, 400 ms, … with a new identification [RFC 6298 §5, RFC 6864 §4]", () => {
  const d = drill("ESTABLISHED").write("hello");
  const identification = () => {
    const [packet] = d.emitted;
    return packet?.view.getUint16(packet.start + 4);
  };
  const seen = [identification()];
  d.out({ text: "hello" });
  for (const wait of [200, 400, 800, 1600]) {
    d.advance(wait - 1).silent().advance(1);
    seen.push(identification());
    d.out({ flags: "PA", seq: 1, text: "hello" }).silent();
  }
  assertEquals(new Set(seen).size, 5);
});

test("76 TCP gives up after 100 s of silence, and says so with RST [RFC 9293 §3.8.3]", () => {
  const d = drill("ESTABLISHED").write("hello").advance(250_000);

  assertEquals(d.events.at(-1), "closed timeout");
  d.emitted.splice(0, d.emitted.length - 1);
  d.out({ flags: "RA" }).advance(1e6).silent();
});

test("64 TCP sends the rest of a super-packet that was acknowledged in part", () => {
  const d = drill("ESTABLISHED", {
    offload: OFFLOAD,
    syn: { mss: 1000, scale: 7 },
  });
  d.in({ seq: 1, ack: 1, window: 1000 });
  d.write(10_000).out({ seq: 1, text: 10_000 });
  d.in({ seq: 1, ack: 4501, window: 1000 }).silent();

  d.advance(200).out({ seq: 4501 });
});

test("75 TCP backs its timer off, and takes no sample of what was sent twice [RFC 6298 §3, §5.5]", () => {
  const d = drill("ESTABLISHED").write("a").out();
  d.advance(200).out({ text: "a" });
  d.in({ seq: 1, ack: 2 });
  d.write("b").out();

  d.advance(199).silent().advance(1).out({ text: "b" });
});

test("TCP waits for a new round trip once it has grown [RFC 6298 §2.3]", () => {
  const d = drill("SYN-RECEIVED");
  d.now += 500;
  d.in({ seq: 1, ack: 1 });
  d.write("a").out();

  // SRTT 500, RTTVAR 250: 500 + 4 · 250.
  d.advance(1499).silent().advance(1).out({ text: "a" });
});

test("TCP tells how much is outstanding, and that it became less", () => {
  const d = drill("ESTABLISHED").write(3000);
  assertEquals(d.socket.outstanding(), 3000);

  d.in({ seq: 1, ack: 1381 });

  assertEquals(d.socket.outstanding(), 3000 - 1380);
  assertEquals(d.events, ["writable"]);
});

test("TCP sends 512 KiB of one flow in one poll and the rest in the next", () => {
  const d = drill("ESTABLISHED", {
    offload: OFFLOAD,
    syn: { mss: 1380, scale: 7 },
  });
  d.in({ seq: 1, ack: 1, window: 65_535 });

  d.write(1024 * 1024);

  const first = lengths(d).reduce((sum, octets) => sum + octets, 0);
  assertEquals(first >= 512 * 1024 && first < 600 * 1024, true);
  assertEquals(d.stack.pollAt(), -Infinity);
  d.poll();
  assertEquals(d.stack.pollAt() > d.now, true);
});

test("73 TCP to a distant peer starts with ten segments and doubles [RFC 6928 §2, RFC 5681 §3.1]", () => {
  const d = drill("SYN-RECEIVED", { syn: { mss: 1000, scale: 7 } });
  d.now += 50;
  d.in({ seq: 1, ack: 1, window: 60_000 });
  d.write(200_000);
  assertEquals(lengths(d).length, 10);
  d.now += 50;

  d.in({ seq: 1, ack: 10_001, window: 60_000 });

  assertEquals(lengths(d).length, 20);
});

test("TCP to a peer on this machine is limited by its window alone", () => {
  const d = drill("SYN-RECEIVED", { syn: { mss: 1000, scale: 7 } });
  d.now += 1;
  d.in({ seq: 1, ack: 1, window: 60_000 });

  d.write(200_000);

  assertEquals(lengths(d).length, 200);
});

test("74 TCP starts again with ten segments after an idle time [RFC 5681 §4.1]", () => {
  const d = drill("SYN-RECEIVED", { syn: { mss: 1000, scale: 7 } });
  d.now += 50;
  d.in({ seq: 1, ack: 1, window: 60_000 });
  d.write(60_000);
  let acked = 1;
  while (acked < 60_001) {
    acked += lengths(d).reduce((sum, octets) => sum + octets, 0);
    d.now += 50;
    d.in({ seq: 1, ack: acked, window: 60_000 });
  }
  d.advance(10_000);

  d.write(60_000);

  assertEquals(lengths(d).length, 10);
});

test("96 TCP makes its writer wait beyond its bound, and tells it when there is room again", () => {
  const d = drill("ESTABLISHED");
  d.write(SEND_BOUND);
  assertEquals(d.socket.isFull(), false);
  d.write(1);
  assertEquals(d.socket.isFull(), true);
  d.emitted.length = 0;

  d.in({ seq: 1, ack: 1381 });
  assertEquals([d.socket.isFull(), d.events], [false, ["writable"]]);
});

test("96 TCP lets its writer run ahead of a distant peer by two congestion windows, up to 3.5 MiB [RFC 9293 §3.9.1.2]", () => {
  const d = drill("SYN-RECEIVED", {
    syn: { mss: 1380, scale: 14, sackPermitted: true },
  });
  d.now += 50;
  d.in({ seq: 1, ack: 1, window: 65_535 });
  let most = 0;
  for (let acked = 1; acked < 40_000_000;) {
    let written = 0;
    while (!d.socket.isFull()) d.write(65_536), written += 65_536;
    most = Math.max(most, d.socket.outstanding());
    acked += written;
    d.emitted.length = 0;
    d.now += 50;
    d.in({
      seq: 1,
      ack: d.socket.snd.sndNxt - d.socket.snd.iss,
      window: 65_535,
    });
  }
  assertEquals(most > 3.5 * 2 ** 20 && most <= 3.5 * 2 ** 20 + 65_536, true);
});
