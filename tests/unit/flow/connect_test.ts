import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import {
  connectTcp,
  connectUdp,
  Handshake,
  type HandshakeMode,
} from "../../../src/flow/connect.ts";
import type { Dialer, Upstream } from "../../../src/flow/dialer.ts";
import {
  type DatagramChannel,
  deferred,
  READY,
  rejected,
} from "../../../src/flow/stream.ts";
import {
  tcpFlow,
  type TestFlow,
  udpFlow,
  upstreamOf,
} from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { streamPair, type TestStream } from "../../support/stream_pair.ts";

/** A flow on its way to an upstream that has not answered. */
function begin(
  mode: HandshakeMode,
  patience: number,
  changes: Partial<TestFlow> = {},
) {
  const clock = new ManualClock();
  const handshake = new Handshake({ mode, clock, timeout: 15_000 });
  return { clock, handshake, ...connect(handshake, patience, changes) };
}

function connect(
  handshake: Handshake,
  patience: number,
  changes: Partial<TestFlow> = {},
) {
  const [application, local] = streamPair();
  const [near, target] = streamPair();
  const answer = deferred<void>();
  const events: string[] = [];
  const flow = tcpFlow(local, {
    accept: () => {
      events.push("accept");
      return Promise.resolve(local);
    },
    ...changes,
  });
  const upstream: Upstream = upstreamOf(near, {
    answered: answer.promise,
    patience,
  });
  const dialer: Dialer = {
    dialStream: () => {
      events.push("dial");
      return Promise.resolve(upstream);
    },
    dialDatagram: () => rejected(new Error("not here")),
  };
  const done = connectTcp(flow, handshake, { dialer, retries: 0 });
  done.catch(() => {});
  return { application, local, near, target, answer, events, flow, done };
}

async function finish(
  { application, target, done }: {
    application: TestStream;
    target: TestStream;
    done: Promise<unknown>;
  },
): Promise<void> {
  await application.closeWrite();
  await target.closeWrite();
  await done;
}

Deno.test("connectTcp() accepts when the upstream has agreed, in every mode but eager [K4]", async () => {
  for (const mode of ["auto", "truthful"] as const) {
    const run = begin(mode, Infinity);
    await run.clock.advance(10_000);
    assertEquals(run.events, ["dial"]);

    run.answer.resolve();
    await settle();

    assertEquals(run.events, ["dial", "accept"]);
    await finish(run);
  }
});

Deno.test("connectTcp() accepts first when eager", async () => {
  const run = begin("eager", Infinity);
  await settle();
  assertEquals(run.events, ["accept", "dial"]);
  await finish(run);
});

Deno.test("connectTcp() rejects with the upstream's refusal and does not accept", async () => {
  const run = begin("auto", Infinity);
  run.answer.reject(new DialError("refused", "no"));

  await assertRejects(() => run.done, DialError, "no");
  assertEquals(run.events, ["dial"]);
});

Deno.test("connectTcp() in auto waits no longer than an answer is worth waiting for", async () => {
  const run = begin("auto", 50);
  await run.clock.advance(49);
  assertEquals(run.events, ["dial"]);
  await run.clock.advance(1);
  assertEquals(run.events, ["dial", "accept"]);
  await finish(run);
});

Deno.test("connectTcp() in truthful ends the flow with the reason when a node does not answer first", async () => {
  const run = begin("truthful", 50);
  const failed = assertRejects(() => run.done, DialError, "handshake=auto");
  await run.clock.advance(15_000);

  assertEquals((await failed).kind, "timeout");
  assertEquals(run.events, ["dial"]);
});

Deno.test("connectTcp() in truthful gives that reason also when the application is less patient", async () => {
  const run = begin("truthful", 50);
  const failed = assertRejects(() => run.done, DialError, "handshake=auto");
  run.flow.controller.abort(new Error("The application has given up"));
  run.answer.reject(run.flow.signal.reason);
  await failed;

  const refused = begin("truthful", 50);
  refused.answer.reject(new DialError("refused", "no"));
  await assertRejects(() => refused.done, DialError, "no");
});

Deno.test("connectTcp() in auto accepts a destination that has answered at once, for five minutes", async () => {
  const first = begin("auto", Infinity);
  first.answer.resolve();
  await settle();
  await finish(first);

  await first.clock.advance(299_000);
  const again = connect(first.handshake, 50);
  await settle();
  assertEquals(again.events, ["dial", "accept"]);
  await finish(again);

  await first.clock.advance(301_000);
  const late = connect(first.handshake, 50);
  await settle();
  assertEquals(late.events, ["dial"]);
  late.answer.resolve();
  await settle();
  await finish(late);
});

Deno.test("connectTcp() trusts an answer that came after it was accepted, too", async () => {
  const first = begin("auto", 0);
  await first.clock.advance(1);
  first.answer.resolve();
  await finish(first);

  const again = connect(first.handshake, Infinity);
  await settle();
  assertEquals(again.events, ["dial", "accept"]);
  await finish(again);
});

Deno.test("connectTcp() does not wait for a flow that is accepted already, unless somebody would try another way", async () => {
  const accepted = begin("auto", Infinity, { accepted: true });
  await settle();
  assertEquals(accepted.events, ["dial", "accept"]);
  await finish(accepted);

  const confirm = begin("auto", Infinity, { accepted: true, confirm: true });
  await settle();
  assertEquals(confirm.events, ["dial"]);
  confirm.answer.reject(new DialError("refused", "no"));
  await assertRejects(() => confirm.done, DialError);
});

Deno.test("connectTcp() waits for a name that somebody would try another way, whatever its address has answered", async () => {
  const first = begin("auto", Infinity);
  first.answer.resolve();
  await settle();
  await finish(first);

  const changes = { accepted: true, confirm: true, name: "example.com" };
  const named = connect(first.handshake, 50, changes);
  await settle();
  assertEquals(named.events, ["dial"]);
  named.answer.resolve();
  await settle();
  await finish(named);

  const again = connect(first.handshake, 50, changes);
  await settle();
  assertEquals(again.events, ["dial", "accept"]);
  await finish(again);
});

Deno.test("connectTcp() waits so also when eager, and no longer than it is worth when truthful", async () => {
  for (const mode of ["eager", "truthful"] as const) {
    const run = begin(mode, 50, { accepted: true, confirm: true });
    await run.clock.advance(49);
    assertEquals(run.events.includes("dial"), true);
    run.answer.reject(new DialError("refused", "no"));
    await assertRejects(() => run.done, DialError, "no");

    const slow = begin(mode, 50, { accepted: true, confirm: true });
    await slow.clock.advance(50);
    await finish(slow);
  }
});

Deno.test("connectTcp() cuts both sides when the flow is aborted", async () => {
  const run = begin("eager", Infinity);
  await settle();
  run.flow.controller.abort(new Error("The program stops"));

  await assertRejects(() => run.done, Error, "The program stops");
  assertEquals([run.local.disposed, run.near.disposed], [true, true]);
});

/** A channel that notes its name when it is disposed. */
function channel(
  name: string,
  closed: Promise<void>,
  disposed: string[],
): Promise<DatagramChannel> {
  return Promise.resolve({
    closed,
    send: () => {},
    deliver: () => {},
    [Symbol.asyncDispose]: () => {
      disposed.push(name);
      return READY;
    },
  });
}

function beginUdp() {
  const [near, far] = [deferred<void>(), deferred<void>()];
  const controller = new AbortController();
  const disposed: string[] = [];
  const { signal } = controller;
  const accept = () => channel("local", near.promise, disposed);
  const done = connectUdp(udpFlow({ signal, accept }), {
    dialer: {
      dialStream: () => rejected(new Error("not here")),
      dialDatagram: () => channel("upstream", far.promise, disposed),
    },
    retries: 0,
  });
  done.catch(() => {});
  return { near, far, controller, disposed, done };
}

Deno.test("connectUdp() closes both sides when either has ended", async () => {
  for (const side of ["near", "far"] as const) {
    const run = beginUdp();
    run[side].resolve();
    await run.done;
    assertEquals(run.disposed, ["local", "upstream"]);
  }
});

Deno.test("connectUdp() closes both sides when the flow is aborted", async () => {
  const run = beginUdp();
  await settle();
  run.controller.abort(new Error("The program stops"));
  await assertRejects(() => run.done, Error, "The program stops");
  assertEquals(run.disposed, ["local", "upstream"]);
});

Deno.test("connectUdp() takes a session's end for no abort", async () => {
  const run = beginUdp();
  await settle();
  run.near.resolve();
  run.controller.abort(new Error("The session is over"));
  await run.done;
});

Deno.test("connectTcp() dials again when the answer is a refusal, also for a destination that it trusts [K5]", async () => {
  const clock = new ManualClock();
  const handshake = new Handshake({ mode: "auto", clock, timeout: 15_000 });
  for (const says of ["yes", "no, then yes"]) {
    const [application, local] = streamPair();
    const flow = tcpFlow(local);
    let dials = 0;
    const dialer: Dialer = {
      dialStream() {
        const refuses = says !== "yes" && dials === 0;
        dials++;
        const answered = refuses
          ? rejected(new DialError("auth", "who are you?", { node: "n" }))
          : READY;
        const [near, far] = streamPair();
        void far.closeWrite();
        return Promise.resolve(upstreamOf(near, { answered, patience: 100 }));
      },
      dialDatagram: () => rejected(new Error("not here")),
    };
    const done = connectTcp(flow, handshake, { dialer, retries: 1 });
    await application.closeWrite();
    await done;
    assertEquals(dials, says === "yes" ? 1 : 2);
    const reasons = flow.trace.map(({ because }) => because);
    assertEquals(reasons, says === "yes" ? [] : ["who are you?"]);
  }
});
