import { assertEquals, assertRejects } from "@std/assert";
import {
  DialError,
  ProtocolError,
  TruncatedError,
} from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { rejected } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import type { Carrier, Connector } from "../../../src/outbound/contracts.ts";
import { type Hop, via } from "../../../src/outbound/via.ts";
import { channelPair } from "../../support/channel_pair.ts";
import {
  tcpFlow,
  type TestFlow,
  udpFlow,
  upstreamOf,
} from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

const NOWHERE: Dialer = {
  dialStream: () => rejected(new Error("not here")),
  dialDatagram: () => rejected(new Error("not here")),
};

function begin(changes: Partial<Hop> = {}) {
  const clock = new ManualClock();
  const told: string[] = [];
  const [near, node] = streamPair();
  const carrier: Carrier = wrapStream(near, { roundTrip: 20, isTungo: false });
  const connector: Connector = {
    connectStream: (carrier) => Promise.resolve(upstreamOf(near, carrier)),
    connectDatagram: () => rejected(new DialError("unsupported", "no UDP")),
  };
  const dialer = via(NOWHERE, {
    name: "node-0",
    way: "relay+wss 192.0.2.9:443",
    transport: () => Promise.resolve(carrier),
    connector,
    timeout: 15_000,
    clock,
    health: {
      fail: () => void told.push("fail"),
      succeed: () => void told.push("succeed"),
    },
    ...changes,
  });
  return { clock, node, dialer, told };
}

function flow(changes: Partial<TestFlow> = {}): TestFlow {
  const made = tcpFlow(streamPair()[0], changes);
  return { ...made, signal: made.controller.signal };
}

Deno.test("via() says through which node a target was asked for, and as what", async () => {
  const { dialer } = begin();
  const [target, named] = [flow(), flow({ name: "example.com" })];
  await dialer.dialStream(target);
  await dialer.dialStream(named);
  assertEquals([target, named].map(({ trace }) => trace), [
    [{ by: "node-0", what: "relay+wss 192.0.2.9:443 > 192.0.2.1:443" }],
    [{ by: "node-0", what: "relay+wss 192.0.2.9:443 > example.com:443" }],
  ]);
});

Deno.test("via() reaches the node through its base", async () => {
  const [near] = streamPair();
  let base: Dialer | undefined;
  const { dialer } = begin({
    transport: (dialer) => {
      base = dialer;
      return Promise.resolve(wrapStream(near, { roundTrip: 1, isTungo: true }));
    },
  });
  await dialer.dialStream(flow());
  assertEquals(base === NOWHERE, true);
});

Deno.test("via() blames a node that cannot be reached, and no target", async () => {
  const { dialer } = begin({
    transport: () => Promise.reject(new DialError("refused", "ECONNREFUSED")),
  });
  const error = await assertRejects(() => dialer.dialStream(flow()), DialError);
  assertEquals([error.kind, error.node], ["refused", "node-0"]);
  assertEquals(error.message, "node-0 (relay+wss 192.0.2.9:443): ECONNREFUSED");
});

Deno.test("via() blames a node that hangs up or breaks its protocol while it is reached or asked", async () => {
  const failures = [new TruncatedError("gone"), new ProtocolError("ws", "bad")];
  for (const failure of failures) {
    const transport = { transport: () => Promise.reject(failure) };
    const connector = {
      connector: {
        connectStream: () => Promise.reject(failure),
        connectDatagram: () => Promise.reject(failure),
      },
    };
    for (const changes of [transport, connector]) {
      const { dialer } = begin(changes);
      const dial = (): Promise<unknown> => dialer.dialStream(flow());
      const { kind, node } = await assertRejects(dial, DialError);
      assertEquals([kind, node], ["broken", "node-0"]);
    }
  }
});

Deno.test("via() does not blame the node for an application that gives up", async () => {
  const never = { transport: () => new Promise<never>(() => {}) };
  const { dialer } = begin(never);
  const target = flow();
  const reason = new TruncatedError("The application has given up");
  const failed = dialer.dialStream(target).catch((error) => error);
  target.controller.abort(reason);
  assertEquals(await failed === reason, true);
});

Deno.test("via() leaves the blame where a hop before has put it", async () => {
  const error = new DialError("refused", "no", { node: "node-1" });
  const { dialer } = begin({ transport: () => Promise.reject(error) });
  assertEquals(await dialer.dialStream(flow()).catch((e) => e), error);
});

Deno.test("via() blames a node that does not answer in time", async () => {
  const { clock, dialer } = begin({ transport: () => new Promise(() => {}) });
  const failed = assertRejects(() => dialer.dialStream(flow()), DialError);
  await clock.advance(15_000);
  const { kind, node } = await failed;
  assertEquals([kind, node], ["timeout", "node-0"]);
});

Deno.test("via() passes on what the node says of the target, and drops the carrier", async () => {
  const { node, dialer } = begin();
  const error = await assertRejects(
    () => dialer.dialDatagram(flow()),
    DialError,
    "no UDP",
  );
  assertEquals([error.node, node.state()], [
    undefined,
    "The other end was aborted",
  ]);
});

Deno.test("via() drops the carrier of a flow that ends while the node is asked", async () => {
  const { node, dialer } = begin({
    connector: {
      connectStream: (carrier) => {
        return carrier.read(() => {}).then(() => upstreamOf(streamPair()[0]));
      },
      connectDatagram: () => rejected(new Error("not here")),
    },
  });
  const target = flow();
  const failed = assertRejects(() => dialer.dialStream(target), Error, "over");
  await settle();
  target.controller.abort(new Error("over"));
  await failed;
  await settle();
  assertEquals(node.state(), "The other end was aborted");
});

Deno.test("via() says nothing about the node when it is the target that does not answer in time", async () => {
  const { clock, node, dialer } = begin({
    connector: {
      connectStream: () => new Promise(() => {}),
      connectDatagram: () => rejected(new Error("not here")),
    },
  });
  const failed = assertRejects(() => dialer.dialStream(flow()), DialError);
  await clock.advance(15_000);
  assertEquals([(await failed).kind, (await failed).node], [
    "timeout",
    undefined,
  ]);
  assertEquals(node.state(), "The other end was aborted");
});

Deno.test("via() drops a carrier that comes too late", async () => {
  const [near, node] = streamPair();
  const late = Promise.withResolvers<Carrier>();
  const { clock, dialer } = begin({ transport: () => late.promise });
  const failed = assertRejects(() => dialer.dialStream(flow()), DialError);
  await clock.advance(15_000);
  await failed;
  late.resolve(wrapStream(near, { roundTrip: 1, isTungo: false }));
  await settle();
  assertEquals(node.state(), "The other end was aborted");
});

Deno.test("via() tells a node's health of its own failures alone, not of the target's nor of another node's [D.7]", async () => {
  const reached: Partial<Hop> = {};
  const asked = (error: Error): Partial<Hop> => ({
    connector: {
      connectStream: () => Promise.reject(error),
      connectDatagram: () => Promise.reject(error),
    },
  });
  const unreached = (error: Error): Partial<Hop> => ({
    transport: () => Promise.reject(error),
  });
  const rows: [Partial<Hop>, string[]][] = [
    [reached, ["succeed"]],
    [unreached(new DialError("refused", "no")), ["fail"]],
    [unreached(new TruncatedError("gone")), ["fail"]],
    [
      unreached(new DialError("refused", "no", { node: "node-before" })),
      [],
    ],
    [asked(new DialError("refused", "no")), ["succeed"]],
    [asked(new DialError("unreachable", "no")), ["succeed"]],
    [asked(new DialError("auth", "no")), ["fail"]],
    [asked(new ProtocolError("relay", "nonsense")), ["fail"]],
    [asked(new DialError("timeout", "silence")), []],
  ];
  for (const [changes, health] of rows) {
    const { dialer, told } = begin(changes);
    await dialer.dialStream(flow()).catch(() => {});
    assertEquals(told, health);
  }
});

/** A node with associations that go nowhere; `refuses` as often as it says. */
function associating(refuses: number): {
  asked: string[];
  connector: Connector;
} {
  const asked: string[] = [];
  const channel = () => channelPair()[0];
  return {
    asked,
    connector: {
      connectStream: () => rejected(new Error("not here")),
      connectDatagram: (_, { dst }) => {
        asked.push(`alone ${dst.host}`);
        return Promise.resolve(channel());
      },
      associate: (_, { src }) => {
        asked.push(`shared ${src.port}`);
        if (refuses-- > 0) {
          return rejected(new DialError("unsupported", "no BIND"));
        }
        return Promise.resolve({ ...channel(), deliver() {} });
      },
    },
  };
}

Deno.test("via() shares an association among the flows of a source, but not with those that have a name", async () => {
  const { asked, connector } = associating(0);
  const { dialer } = begin({ connector });
  const flows = [
    udpFlow(),
    udpFlow({ dst: { host: "192.0.2.2", port: 53 } }),
    udpFlow({ name: "a.example" }),
    udpFlow({ src: { host: "", port: 0 } }),
  ];
  for (const flow of flows) await dialer.dialDatagram(flow);
  assertEquals(asked, ["shared 40000", "alone 192.0.2.1", "alone 192.0.2.1"]);
  assertEquals(flows.map(({ trace }) => trace.map(({ what }) => what)), [
    ["relay+wss 192.0.2.9:443 > 192.0.2.1:53"],
    ["relay+wss 192.0.2.9:443 > 192.0.2.2:53"],
    ["relay+wss 192.0.2.9:443 > a.example:53"],
    ["relay+wss 192.0.2.9:443 > 192.0.2.1:53"],
  ]);
});

Deno.test("via() asks for each flow on its own where the node has no associations, and tries again after five minutes", async () => {
  const { asked, connector } = associating(1);
  const { dialer, clock } = begin({ connector });
  const first = udpFlow();
  await dialer.dialDatagram(first);
  assertEquals(first.trace[0], {
    by: "node-0",
    what: "UDP by itself",
    because: "no BIND",
  });
  await dialer.dialDatagram(udpFlow());
  await clock.advance(5 * 60_000);
  await dialer.dialDatagram(udpFlow());
  assertEquals(asked, [
    "shared 40000",
    "alone 192.0.2.1",
    "alone 192.0.2.1",
    "shared 40000",
  ]);
});

Deno.test("via() judges the node by an answer that comes later, and blames it for not accepting us [K5]", async () => {
  const rows: [DialError["kind"], string | undefined, string[]][] = [
    ["auth", "node-0", ["fail"]],
    ["refused", undefined, ["succeed"]],
    ["timeout", undefined, []],
  ];
  for (const [kind, node, expected] of rows) {
    const answer = Promise.withResolvers<void>();
    const { dialer, told } = begin({
      connector: {
        connectStream: () =>
          Promise.resolve(
            upstreamOf(streamPair()[0], { answered: answer.promise }),
          ),
        connectDatagram: () => rejected(new Error("not asked")),
      },
    });
    const { answered } = await dialer.dialStream(flow());
    assertEquals(told, []);
    answer.reject(new DialError(kind, "no"));
    const error = await assertRejects(() => answered, DialError);
    assertEquals([error.node, told], [node, expected]);
  }
});

Deno.test("via() says nothing about a node whose answer nobody has waited for", async () => {
  const answer = Promise.withResolvers<void>();
  const { dialer, told } = begin({
    connector: {
      connectStream: () =>
        Promise.resolve(
          upstreamOf(streamPair()[0], { answered: answer.promise }),
        ),
      connectDatagram: () => rejected(new Error("not asked")),
    },
  });
  const upstream = await dialer.dialStream(flow());
  await upstream[Symbol.asyncDispose]();
  answer.reject(new TruncatedError("cut"));
  await settle();
  assertEquals(told, []);
});

Deno.test("via() takes a rule on the way to the node for no failure of the node", async () => {
  const { dialer, told } = begin({
    transport: () =>
      rejected(new DialError("forbidden", "no", { isDecision: true })),
  });
  const dialled = dialer.dialStream(flow());
  const error = await assertRejects(() => dialled, DialError);
  assertEquals([error.isDecision, told], [true, []]);
});
