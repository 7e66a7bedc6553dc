import { assertEquals } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { Probe, type ProbeOptions } from "../../../src/outbound/probe.ts";
import { upstreamOf } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii } from "../../support/octets.ts";
import { streamPair, type TestStream } from "../../support/stream_pair.ts";

interface Run {
  readonly clock: ManualClock;
  readonly probe: Probe;
  readonly told: string[];
  /** Where connections were asked for. */
  readonly asked: string[];
  readonly far: TestStream[];
  readonly run: () => Promise<number>;
}

function begin(
  options: Partial<ProbeOptions> = {},
  dial: Dialer["dialStream"] | undefined = undefined,
): Run {
  const clock = new ManualClock();
  const told: string[] = [];
  const asked: string[] = [];
  const far: TestStream[] = [];
  const dialer: Dialer = {
    dialStream(target) {
      asked.push(`${target.dst.host}:${target.dst.port}`);
      if (dial !== undefined) return dial(target);
      const [near, other] = streamPair();
      far.push(other);
      return Promise.resolve(upstreamOf(near));
    },
    dialDatagram: () => rejected(new Error("not asked for")),
  };
  const probe = new Probe({
    address: { host: "192.0.2.1", port: 80 },
    interval: 30_000,
    timeout: 10_000,
    dialer: () => dialer,
    health: {
      fail: () => void told.push("fail"),
      succeed: () => void told.push("succeed"),
    },
    clock,
    random: () => 0.5,
    ...options,
  });
  const { signal } = new AbortController();
  return { clock, probe, told, asked, far, run: () => probe.run(signal) };
}

Deno.test("Probe connects to its address through the node, and knows how long that took [D.10, H.2 probes]", async () => {
  const { clock, probe, told, asked, run } = begin({}, async () => {
    await clock.advance(40);
    return upstreamOf(streamPair()[0]);
  });
  assertEquals(probe.latency(), undefined);
  assertEquals(await run(), 30_000);
  assertEquals([asked, told, probe.latency()], [["192.0.2.1:80"], [
    "succeed",
  ], 40]);
});

Deno.test("Probe tells when the node cannot be reached, or not in time", async () => {
  const refused = begin({}, () => rejected(new DialError("refused", "no")));
  await refused.run();
  assertEquals([refused.told, refused.probe.latency()], [["fail"], "failed"]);
  const late = begin({}, () => new Promise(() => {}));
  const done = late.run();
  await late.clock.advance(10_000);
  await done;
  assertEquals(late.told, ["fail"]);
});

Deno.test("Probe waits no longer for an answer than it is worth", async () => {
  const { clock, told, run } = begin(
    {},
    () =>
      Promise.resolve(upstreamOf(streamPair()[0], {
        answered: new Promise(() => {}),
        patience: 100,
      })),
  );
  const done = run();
  await clock.advance(100);
  await done;
  assertEquals(told, ["succeed"]);
});

Deno.test("Probe asks by HTTP where it is told to, and compares the status [D.10]", async () => {
  const http = {
    path: "/health",
    host: "a.example",
    headers: [["X-Token", "t"]] as const,
    status: 204,
  };
  for (const status of [204, 200]) {
    const { told, far, run } = begin({ http });
    const done = run();
    await settle();
    assertEquals(
      far[0]?.text(),
      "GET /health HTTP/1.1\r\nHost: a.example\r\nX-Token: t\r\nConnection: close\r\n\r\n",
    );
    await far[0]?.write(ascii(`HTTP/1.1 ${status} Fine\r\n\r\n`));
    await done;
    assertEquals(told, [status === 204 ? "succeed" : "fail"]);
  }
});

Deno.test("Probe leaves a node alone that no flow has wanted since the last time", async () => {
  const { probe, asked, run } = begin();
  await run();
  await run();
  assertEquals(asked.length, 1);
  probe.want();
  await run();
  assertEquals(asked.length, 2);
});

Deno.test("Probe varies the time in between by a tenth", async () => {
  assertEquals(await begin({ random: () => 0 }).run(), 28_500);
  assertEquals(await begin({ random: () => 0.999 }).run() > 31_400, true);
});
