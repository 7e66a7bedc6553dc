import { assertEquals } from "@std/assert";
import { hold } from "../../../src/flow/hold.ts";
import { channelPair } from "../../support/channel_pair.ts";

Deno.test("hold() shows each datagram until somebody has seen enough, and delivers all of them with their peers", () => {
  const [near, far] = channelPair();
  const peer = { host: "192.0.2.7", port: 7 };
  far.send(Uint8Array.of(1), peer);
  const { show, channel } = hold(near);
  const seen: number[] = [];
  show(([first = 0]) => {
    seen.push(first);
    return first < 2;
  });
  for (const octet of [2, 3]) far.send(Uint8Array.of(octet));
  assertEquals(seen, [1, 2]);
  const delivered: unknown[] = [];
  channel.deliver(([first], from) => delivered.push([first, from === peer]));
  far.send(Uint8Array.of(4), peer);
  assertEquals(delivered, [[1, true], [2, false], [3, false], [4, true]]);
});

Deno.test("hold() holds 64 datagrams or 256 KiB, and drops the newest", () => {
  for (const [length, kept] of [[1, 64], [60_000, 4]] as const) {
    const [near, far] = channelPair();
    const { channel } = hold(near);
    for (let i = 0; i < 100; i++) {
      far.send(new Uint8Array(length).fill(i));
    }
    const delivered: number[] = [];
    channel.deliver(([first = -1]) => delivered.push(first));
    assertEquals(delivered, Array.from({ length: kept }, (_, i) => i));
  }
});

Deno.test("hold() sends, ends and closes as the channel does", async () => {
  const [near, far] = channelPair();
  const { channel } = hold(near);
  const received: number[] = [];
  far.deliver(([first = -1]) => received.push(first));
  channel.send(Uint8Array.of(9));
  assertEquals(received, [9]);
  await channel[Symbol.asyncDispose]();
  await far.closed;
});
