import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { Driver } from "../../../src/app/driver.ts";
import { createDevicePair } from "../../../src/device/memory.ts";
import type { Stack } from "../../../src/stack/stack.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { packetBuffer } from "../../support/packet.ts";

/** A driver between a device and a stack that notes what is done to it. */
function begin(queueLength = 256) {
  const clock = new ManualClock();
  const [far, device] = createDevicePair({ mtu: 1500, queueLength });
  const events: string[] = [];
  const stack = {
    at: Infinity,
    send: 0,
    onDirty: (): void => {},
    receive: () => void events.push("receive"),
    poll(now: number, emit: Parameters<Stack["poll"]>[1]): void {
      events.push(`poll ${now}`);
      stack.at = Infinity;
      for (; stack.send > 0; stack.send--) {
        emit(packetBuffer(new Uint8Array(20)));
      }
    },
    pollAt: () => stack.at,
    countDrop: (reason: string) => void events.push(`drop ${reason}`),
  };
  const driver = new Driver({
    clock,
    createStack: (onDirty) => {
      stack.onDirty = onDirty;
      return stack as unknown as Stack;
    },
    onBurst: (now) => events.push(`burst ${now}`),
  });
  const arrive = (packets: number): void => {
    for (let i = 0; i < packets; i++) {
      far.send(packetBuffer(new Uint8Array(20)));
    }
  };
  return { clock, far, device, events, stack, driver, arrive };
}

Deno.test("Driver gives the stack all packets of a burst and polls it once", async () => {
  const { device, far, driver, events, arrive } = begin();
  const done = driver.run(device);
  arrive(3);
  await settle();
  assertEquals(events, ["burst 0", "receive", "receive", "receive", "poll 0"]);
  await far[Symbol.asyncDispose]();
  await device[Symbol.asyncDispose]();
  await done;
});

Deno.test("Driver lets others have their turn after 64 packets", async () => {
  const { device, driver, events, arrive } = begin();
  const done = driver.run(device);
  arrive(100);
  await settle();
  const polls = events.flatMap((event, i) =>
    event.startsWith("poll") ? [i] : []
  );
  assertEquals(polls, [65, 65 + 38]);
  await device[Symbol.asyncDispose]();
  await done;
});

Deno.test("Driver polls once after any number of flows became dirty", async () => {
  const { driver, stack, events } = begin();
  stack.onDirty();
  stack.onDirty();
  assertEquals(events, []);
  await setImmediate();
  assertEquals(events, ["poll 0"]);
  stack.onDirty();
  await setImmediate();
  assertEquals(events.length, 2);
  driver.stop();
});

Deno.test("Driver polls when the stack has asked for it, reading first what waits", async () => {
  const { clock, device, driver, stack, events, arrive } = begin();
  const done = driver.run(device);
  arrive(1);
  stack.at = 500;
  const at = stack.poll;
  stack.poll = (now, emit) => {
    at(now, emit);
    if (now === 0) stack.at = 500;
  };
  await settle();
  events.splice(0);
  await clock.advance(499);
  assertEquals(events, []);
  await clock.advance(1);
  assertEquals(events, ["burst 500", "poll 500"]);
  assertEquals(clock.pending(), 0);
  await device[Symbol.asyncDispose]();
  await done;
});

Deno.test("Driver keeps no timer once it is stopped", async () => {
  const { clock, driver, stack } = begin();
  stack.onDirty();
  const poll = stack.poll;
  stack.poll = (now, emit) => {
    poll(now, emit);
    stack.at = 900;
  };
  await setImmediate();
  assertEquals(clock.pending(), 1);
  driver.stop();
  assertEquals(clock.pending(), 0);
});

Deno.test("Driver counts what the device does not take, and what is sent while there is none", async () => {
  const { device, driver, stack, events } = begin(1);
  stack.send = 1;
  stack.onDirty();
  await setImmediate();
  assertEquals(events, ["poll 0", "drop output.queue"]);
  events.splice(0);

  const done = driver.run(device);
  stack.send = 3;
  stack.onDirty();
  await setImmediate();
  assertEquals(events, ["poll 0", "drop output.queue", "drop output.queue"]);
  await device[Symbol.asyncDispose]();
  await done;
});
