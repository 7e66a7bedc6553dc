import { assertEquals } from "@std/assert";
import { Flows } from "../../../src/app/flows.ts";
import {
  DialError,
  type DialErrorKind,
  TruncatedError,
} from "../../../src/base/errors.ts";
import type { Handler } from "../../../src/flow/handler.ts";
import { tcpFlow, type TestFlow } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { recordingLog } from "../../support/recording_log.ts";
import { streamPair } from "../../support/stream_pair.ts";

function begin() {
  const clock = new ManualClock();
  const log = recordingLog();
  return { clock, log, flows: new Flows({ clock, log }) };
}

/** A flow that has been opened. */
function openFlow(
  flows: Flows,
): { flow: TestFlow; controller: AbortController } {
  const { id, controller } = flows.open();
  const [, near] = streamPair();
  return { controller, flow: tcpFlow(near, { id, signal: controller.signal }) };
}

/** What an application and the log learn when a flow ends with `error`. */
async function endWith(error: unknown): Promise<readonly [string[], string]> {
  const { log, flows } = begin();
  const { flow } = openFlow(flows);
  await flows.run(flow, () => Promise.reject(error));
  return [flow.rejections, log.lines[0]?.split(" ")[0] ?? ""];
}

Deno.test("Flows writes one line for a finished flow: who, where, which way, how much, how long, why it ended [K27]", async () => {
  const { clock, log, flows } = begin();
  const { flow } = openFlow(flows);
  const handler: Handler = async (flow) => {
    flow.traffic.sent = 3;
    flow.traffic.received = 5;
    // Middleware derives a flow with the name and hands that on.
    flow.trace.push({ by: "sniff", what: "", name: "example.com" });
    await clock.advance(1234.4);
    return { via: "direct" };
  };
  await flows.run(flow, handler);
  assertEquals(log.lines, [
    `info flow.close {"id":1,"protocol":"tcp","src":"10.0.0.2:40000","dst":"192.0.2.1:443","name":"example.com","via":"direct","reason":"end","sent":3,"received":5,"ms":1234}`,
  ]);
  assertEquals(flow.rejections, []);
});

Deno.test("Flows says in the line why a flow went its way, step by step", async () => {
  const { log, flows } = begin();
  const { flow } = openFlow(flows);
  await flows.run(flow, ({ trace }) => {
    trace.push({
      by: "sniff",
      what: "example.com",
      because: "TLS SNI",
      name: "example.com",
    });
    trace.push({ by: "hop-0", what: "direct", because: "it matches .com" });
    trace.push({ by: "direct", what: "direct to 192.0.2.1:443" });
    return Promise.resolve({ via: "direct" });
  });
  assertEquals(
    JSON.parse(log.lines[0]?.split(" ").slice(2).join(" ") ?? "").why,
    "example.com (TLS SNI); direct (it matches .com)",
  );
});

Deno.test("Flows tells the application what a failed dial means", async () => {
  const rows: readonly [DialErrorKind, string][] = [
    ["refused", "refused"],
    ["timeout", "silent"],
    ["unreachable", "unreachable"],
    ["forbidden", "prohibited"],
    ["auth", "unreachable"],
    ["unsupported", "unreachable"],
    ["broken", "unreachable"],
  ];
  for (const [kind, rejection] of rows) {
    const error = new DialError(kind, "no");
    assertEquals(await endWith(error), [[rejection], "warn"], kind);
  }
});

Deno.test("Flows takes the failure of a node for no word of the target's", async () => {
  for (const kind of ["refused", "timeout", "forbidden"] as const) {
    const error = new DialError(kind, "no", { node: "node-0" });
    assertEquals(await endWith(error), [["unreachable"], "warn"], kind);
  }
});

Deno.test("Flows refuses datagrams that the way out does not carry, so that applications try by TCP", async () => {
  const error = new DialError("streams-only", "no", { node: "node-0" });
  assertEquals(await endWith(error), [["refused"], "info"]);
});

Deno.test("Flows warns of a failed dial, and tells our own mistakes, also where the rejection aborts the flow", async () => {
  const rows = [
    [new DialError("unreachable", "no"), "warn"],
    [new Error("a bug"), "error"],
  ] as const;
  for (const [error, level] of rows) {
    const { log, flows } = begin();
    const { flow, controller } = openFlow(flows);
    const reject = () => controller.abort(new TruncatedError("given up"));
    await flows.run({ ...flow, reject }, () => Promise.reject(error));
    assertEquals(log.lines[0]?.split(" ")[0], level);
  }
});

Deno.test("Flows takes a connection that breaks for everyday life, and our own mistakes for errors", async () => {
  const truncated = await endWith(new TruncatedError("reset"));
  assertEquals(truncated, [["unreachable"], "info"]);
  assertEquals(await endWith(new Error("a bug")), [["unreachable"], "error"]);
});

Deno.test("Flows ends what is left, each with the reason, and tells when none is left", async () => {
  const { log, flows } = begin();
  const handler: Handler = ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  const ends = [1, 2].map(() => {
    const { flow } = openFlow(flows);
    return flows.run(flow, handler);
  });
  let idle = false;
  const done = flows.idle().then(() => idle = true);
  await settle();
  assertEquals([flows.count(), idle], [2, false]);

  flows.abortAll(new Error("The program stops"));
  await Promise.all([...ends, done]);

  assertEquals(flows.count(), 0);
  const told = log.lines.filter((line) =>
    line.startsWith("info ") && line.includes(`"reason":"The program stops"`)
  );
  assertEquals(told.length, 2);
  await flows.idle();
});

Deno.test("Flows aborts what a finished flow has left behind", async () => {
  const { flows } = begin();
  const { flow, controller } = openFlow(flows);
  await flows.run(flow, () => Promise.resolve({ via: "direct" }));
  assertEquals(controller.signal.aborted, true);
});

Deno.test("Flows says at debug level also what was asked about a flow and changed nothing", async () => {
  const rows = [["info", "a (1)"], ["debug", "a (1); b (2)"]] as const;
  for (const [level, why] of rows) {
    const clock = new ManualClock();
    const lines = recordingLog();
    const enabled = (asked: string): boolean => asked === level;
    const log = { ...lines, enabled };
    const flows = new Flows({ clock, log });
    const { flow } = openFlow(flows);
    await flows.run(flow, ({ trace }) => {
      trace.push({ by: "x", what: "a", because: "1" });
      trace.push({ by: "y", what: "b", because: "2", minor: true });
      return Promise.resolve({ via: "direct" });
    });
    assertEquals(log.lines[0]?.includes(`"why":"${why}"`), true);
  }
});
