import { assertEquals, assertExists } from "@std/assert";
import { type Drill, drill } from "../support/drill.ts";
import { bytes, tcp } from "../support/packet.ts";

/** A SYN from the `n`th of many sources, or of one source's ports. */
function syn(d: Drill, n: number, source: "many" | "one" = "many"): Uint8Array {
  const many = source === "many";
  const host = d.client.includes(":")
    ? `fd00::1:${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`
    : `10.${n >>> 16}.${(n >>> 8) & 0xff}.${n & 0xff}`;
  return tcp({
    src: many ? host : d.client,
    dst: d.server,
    sourcePort: many ? 1234 : 1 + n,
    destinationPort: 80,
    seq: 1,
    ack: 0,
    flags: "S",
    window: 1000,
    options: bytes(),
    payload: bytes(),
  });
}

Deno.test("23 TCP asks about 256 SYNs at a time; the latest of the others is next [RFC 4987 §3]", () => {
  const d = drill("LISTEN");
  for (let n = 1; n <= 300; n++) d.inRaw(syn(d, n, "one"));
  assertEquals(d.syns.length, 256);
  d.syns.shift()?.reject("silent");
  assertEquals(d.syns.at(-1)?.key[8], (301 << 16) | 80);
  // Whoever asks again is served before those that have gone silent.
  d.inRaw(syn(d, 259, "one"));
  d.syns.shift()?.accept();
  assertEquals(d.syns.at(-1)?.key[8], (260 << 16) | 80);
  assertEquals([d.syns.length, d.drops("tcp.pending limit")], [256, 0]);
});

Deno.test("23 TCP asks about every SYN in the end when all are answered at once", () => {
  const d = drill("LISTEN");
  for (let n = 1; n <= 1000; n++) d.inRaw(syn(d, n, "one"));
  for (let asked = 0; asked < 1000; asked++) {
    const next = d.syns.shift();
    assertExists(next, `${asked}`);
    next.reject("refused");
  }
  assertEquals(d.poll().emitted.length, 1000);
});

Deno.test("97 TCP keeps 2048 SYNs that wait, 1024 of one source; the oldest makes room [RFC 4987 §3]", () => {
  const one = drill("LISTEN");
  for (let n = 1; n <= 256 + 1024 + 5; n++) one.inRaw(syn(one, n, "one"));
  assertEquals(one.drops("tcp.pending limit"), 5);
  const many = drill("LISTEN");
  for (let n = 1; n <= 256 + 2048 + 7; n++) many.inRaw(syn(many, n));
  assertEquals(many.drops("tcp.pending limit"), 7);
});

Deno.test("97 After 100 000 SYNs that nobody dials to an end an honest one is served, and connections are unharmed [RFC 4987]", () => {
  for (const ipv6 of [false, true]) {
    const d = drill("ESTABLISHED", { ipv6 });
    const cancelled: number[] = [];
    for (let n = 1; n <= 100_000; n++) {
      d.inRaw(syn(d, n));
      for (const asked of d.syns.splice(0)) {
        asked.onCancelled = () => cancelled.push(n);
      }
    }
    d.silent();
    d.in({ seq: 1, ack: 1, text: "abc" }).out({ ack: 4 });
    assertEquals(d.read(), "abc");

    d.inRaw(syn(d, 999_999)).advance(2000);
    d.inRaw(syn(d, 999_999));
    const [served] = d.syns;
    assertEquals(served?.key[3], ipv6 ? 0x000f_423f : 0x0a0f_423f);
    assertEquals(cancelled.length, 256);
  }
});

Deno.test("97 A flood of SYNs whose SYN-ACKs nobody answers leaves 1024 connections and no RST [RFC 4987 §3]", () => {
  const d = drill("LISTEN");
  for (let n = 1; n <= 5000; n++) {
    d.inRaw(syn(d, n));
    d.syns.shift()?.accept();
    d.poll();
  }
  assertEquals([...d.stack.tcpSockets()].length, 1024);
  // One packet out for one packet in.
  assertEquals(d.emitted.splice(0).length, 5000);
  d.in({ flags: "S" }).accept().out({ flags: "SA" });
  d.in({ seq: 1, ack: 1 });
  assertEquals(d.socket.state(), "ESTABLISHED");
  d.advance(31_000);
  assertEquals([...d.stack.tcpSockets()].length, 1);
});
