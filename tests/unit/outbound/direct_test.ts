import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { SocketOptions, UdpSocket } from "../../../src/base/socket.ts";
import type { Target } from "../../../src/flow/flow.ts";
import { direct, type DirectOptions } from "../../../src/outbound/direct.ts";
import { tcpFlow } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

/** What a dialer has asked the system for, as "host:port by interface". */
function begin(
  changes: Partial<DirectOptions> = {},
  outcome: (options: SocketOptions) => Promise<void> = () => Promise.resolve(),
) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const udp: UdpSocket & { sent: Uint8Array[]; closed: boolean } = {
    localPort: 0,
    sent: [],
    closed: false,
    onDatagram: () => {},
    onError: () => {},
    send: (payload) => udp.sent.push(payload.slice()),
    [Symbol.dispose]: () => udp.closed = true,
  };
  const note = ({ host, port, interface: by, mark }: SocketOptions): void => {
    const way = by === undefined ? "" : ` by ${by}`;
    asked.push(`${host}:${port}${way}${mark === undefined ? "" : ` #${mark}`}`);
  };
  const [near, target] = streamPair();
  const dialer = direct({
    name: "direct",
    openStream: async (options) => {
      note(options);
      await outcome(options);
      return near;
    },
    openUdp: (options) => {
      note(options);
      return udp;
    },
    resolve: () => Promise.reject(new DialError("unreachable", "no names")),
    egress: () => [],
    timeout: 15_000,
    clock,
    ...changes,
  });
  return { clock, asked, udp, target, dialer };
}

function flow(
  changes: Partial<Target> = {},
): Target & { controller: AbortController } {
  const { src, dst, trace, controller } = tcpFlow(streamPair()[0]);
  return { src, dst, trace, signal: controller.signal, controller, ...changes };
}

const refused = (): Promise<never> =>
  Promise.reject(new DialError("refused", "ECONNREFUSED"));

Deno.test("direct() connects to the address, answered at once, and says so", async () => {
  const { asked, dialer } = begin({ mark: 7 });
  const target = flow();
  const upstream = await dialer.dialStream(target);
  await upstream.answered;
  assertEquals([asked, upstream.patience], [["192.0.2.1:443 #7"], 0]);
  assertEquals(target.trace, [{
    by: "direct",
    what: "direct to 192.0.2.1:443",
  }]);
});

Deno.test("direct() goes where the application chose, not where a sniffed name may lead [K29]", async () => {
  const { asked, dialer } = begin();
  await dialer.dialStream(flow({ name: "example.com" }));
  await dialer.dialStream(
    flow({ name: "example.com", addresses: ["198.51.100.7"] }),
  );
  assertEquals(asked, ["192.0.2.1:443", "198.51.100.7:443"]);
});

Deno.test("direct() measures the round trip", async () => {
  const { clock, dialer } = begin({}, async () => {
    await clock.advance(30);
  });
  assertEquals((await dialer.dialStream(flow())).roundTrip, 30);
});

Deno.test("direct() tries every address of a name by every interface, and tells the first failure [H.2 dial error, K21]", async () => {
  let failures = 0;
  const { asked, dialer } = begin({
    resolve: () => Promise.resolve(["192.0.2.1", "2001:db8::1"]),
    egress: () =>
      ["eth0", "eth1"].map((name) => ({ interface: name, strict: false })),
  }, () => Promise.reject(new DialError("refused", `failure ${++failures}`)));
  const target = flow({ dst: { host: "example.com", port: 80 } });
  await assertRejects(() => dialer.dialStream(target), DialError, "failure 1");
  assertEquals(asked, [
    "192.0.2.1:80 by eth0",
    "192.0.2.1:80 by eth1",
    "2001:db8::1:80 by eth0",
    "2001:db8::1:80 by eth1",
  ]);
});

Deno.test("direct() stops at the first interface that works, and names it", async () => {
  const { dialer } = begin(
    {
      egress: () =>
        ["eth0", "eth1"].map((name) => ({ interface: name, strict: false })),
    },
    ({ interface: by }) => by === "eth0" ? refused() : Promise.resolve(),
  );
  const target = flow();
  await dialer.dialStream(target);
  assertEquals(target.trace.at(-1)?.what, "direct to 192.0.2.1:443 by eth1");
});

Deno.test("direct() tries nothing behind an interface that must do", async () => {
  const { asked, dialer } = begin({
    egress: () => [
      { interface: "eth0", strict: true },
      { interface: "eth1", strict: false },
    ],
  }, refused);
  await assertRejects(() => dialer.dialStream(flow()), DialError);
  assertEquals(asked, ["192.0.2.1:443 by eth0"]);
});

Deno.test("direct() tells that a name has no address", async () => {
  const dst = { host: "nowhere.example", port: 80 };
  const { dialer } = begin({ resolve: () => Promise.resolve([]) });
  const error = await assertRejects(
    () => dialer.dialStream(flow({ dst })),
    DialError,
    "nowhere.example:80: no address",
  );
  assertEquals(error.kind, "unreachable");
});

Deno.test("direct() gives up after its timeout, over all addresses, and with its flow", async () => {
  const never = (): Promise<void> => new Promise(() => {});
  const late = begin({}, never);
  const failed = assertRejects(
    () => late.dialer.dialStream(flow()),
    DialError,
    "longer than 15 s",
  );
  await late.clock.advance(15_000);
  assertEquals((await failed).kind, "timeout");

  const over = begin({}, never);
  const target = flow();
  const ended = assertRejects(
    () => over.dialer.dialStream(target),
    Error,
    "over",
  );
  target.controller.abort(new Error("over"));
  await ended;
  assertEquals(over.asked.length, 1);
});

Deno.test("direct() carries datagrams both ways until it is disposed", async () => {
  const { asked, udp, dialer } = begin();
  const channel = await dialer.dialDatagram(flow());
  const got: string[] = [];
  channel.deliver((payload) => got.push(new TextDecoder().decode(payload)));
  channel.send(new TextEncoder().encode("ping"));
  udp.onDatagram(new TextEncoder().encode("pong"));
  await channel[Symbol.asyncDispose]();
  await channel.closed;
  assertEquals([asked, got], [["192.0.2.1:443"], ["pong"]]);
  assertEquals([udp.sent, udp.closed], [
    [new TextEncoder().encode("ping")],
    true,
  ]);
});

Deno.test("direct() ends a channel with what ICMP says of its target", async () => {
  const { udp, dialer } = begin();
  const channel = await dialer.dialDatagram(flow());
  udp.onError(new DialError("refused", "ECONNREFUSED"));
  await settle();
  await assertRejects(() => channel.closed, DialError, "ECONNREFUSED");
});
