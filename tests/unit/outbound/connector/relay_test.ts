import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../../src/base/errors.ts";
import type { Upstream } from "../../../../src/flow/dialer.ts";
import { wrapStream } from "../../../../src/flow/wrap.ts";
import { relay } from "../../../../src/outbound/connector/relay.ts";
import type { Carrier, Connector } from "../../../../src/outbound/contracts.ts";
import { tcpFlow } from "../../../support/flows.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../../support/octets.ts";
import {
  readAll,
  readOnce,
  streamPair,
  type TestStream,
} from "../../../support/stream_pair.ts";

const OK = Uint8Array.of(1, 0, 0, 0);

interface Run {
  readonly clock: ManualClock;
  readonly node: TestStream;
  readonly upstream: Upstream;
}

function carrierOf(
  stream: TestStream,
  isTungo: boolean,
  roundTrip = 20,
): Carrier {
  return wrapStream(stream, { roundTrip, isTungo });
}

async function connect(
  { isTungo = false, clock = new ManualClock(), ...options }: {
    isTungo?: boolean;
    clock?: ManualClock;
    connector?: Connector;
    name?: string;
    roundTrip?: number;
  } = {},
): Promise<Run> {
  const [near, node] = streamPair();
  const connector = options.connector ?? relay({ clock });
  const { name, roundTrip } = options;
  const target = tcpFlow(near, name === undefined ? {} : { name });
  const carrier = carrierOf(near, isTungo, roundTrip);
  const upstream = await connector.connectStream(carrier, target);
  return { clock, node, upstream };
}

const write = (upstream: Upstream, text: string): Promise<void> =>
  upstream.write(new TextEncoder().encode(text));

Deno.test("relay() asks at once, and sends octets behind the request without an answer [H.1 nodelay, K6]", async () => {
  const { node, upstream } = await connect();
  await write(upstream, "hello");
  assertEquals(
    node.taken(),
    Uint8Array.of(
      ...[1, 1, 0, 10, 2, 0, 7, 1, 192, 0, 2, 1, 1, 187],
      ...new TextEncoder().encode("hello"),
    ),
  );
});

Deno.test("relay() asks by name where the flow has one", async () => {
  const { node } = await connect({ name: "example.com" });
  assertEquals(node.taken().subarray(4, 9), Uint8Array.of(2, 0, 15, 3, 11));
});

Deno.test("relay() gives the octets that come with the answer, and those that come later", async () => {
  const { node, upstream } = await connect();
  await node.write(Uint8Array.of(...OK, 0x68, 0x69));
  await node.write("!");
  await node.closeWrite();
  assertEquals(await readAll(upstream), "hi!");
});

Deno.test("relay() is answered when the answer is whole, however it is cut", async () => {
  const { node, upstream } = await connect();
  let answered = false;
  upstream.answered.then(() => answered = true);
  for (const octet of OK) {
    await settle();
    assertEquals(answered, false);
    await node.write(Uint8Array.of(octet));
  }
  await settle();
  assertEquals(answered, true);
});

Deno.test("relay() tells what a refusal means, for whoever waits and for whoever reads [K5]", async () => {
  const rows = [
    [1, "broken"],
    [2, "auth"],
    [3, "forbidden"],
    [4, "timeout"],
    [5, "refused"],
    [6, "unreachable"],
    [7, "refused"],
    [8, "broken"],
    [99, "broken"],
  ] as const;
  for (const [code, kind] of rows) {
    const { node, upstream } = await connect();
    await node.write(Uint8Array.of(1, code, 0, 0));
    const error = await assertRejects(() => upstream.answered, DialError);
    assertEquals(error.kind, kind, `${code}`);
    await assertRejects(() => readOnce(upstream), DialError);
  }
});

Deno.test("relay() takes GOST's late refusal for an unreachable host", async () => {
  const { clock, node, upstream } = await connect();
  await clock.advance(10_000);
  await node.write(Uint8Array.of(1, 7, 0, 0));
  const error = await assertRejects(() => upstream.answered, DialError);
  assertEquals(error.kind, "unreachable");
});

Deno.test("relay() fails when a node that answers first hangs up without an answer", async () => {
  const { node, upstream } = await connect({ isTungo: true });
  await node.closeWrite();
  await assertRejects(() => upstream.answered, DialError, "hung up");
  await assertRejects(() => readOnce(upstream), Error);
});

Deno.test("relay() takes an end without an answer for the target's, who had nothing to say", async () => {
  const { node, upstream } = await connect();
  await write(upstream, "log line");
  await node.closeWrite();
  await upstream.answered;
  assertEquals(await readOnce(upstream), undefined);
});

Deno.test("relay() fails when the node breaks off before its answer, or in the middle of it", async () => {
  for (const octets of [Uint8Array.of(), OK.subarray(0, 2)]) {
    const { node, upstream } = await connect();
    await upstream.closeWrite();
    await node.write(octets);
    if (octets.length > 0) await node.closeWrite();
    else node.abort(new Error("the node is gone"));
    await assertRejects(() => upstream.answered, DialError, "hung up");
    await assertRejects(() => readOnce(upstream), Error);
  }
});

Deno.test("relay() waits about a round trip for a node that may answer late, 300 ms at most [K6]", async () => {
  assertEquals((await connect({ roundTrip: 1 })).upstream.patience, 25);
  assertEquals((await connect({ roundTrip: 50 })).upstream.patience, 53);
  assertEquals((await connect({ roundTrip: 900 })).upstream.patience, 300);
});

Deno.test("relay() waits for a tungo, and for a node that was seen to answer first", async () => {
  assertEquals((await connect({ isTungo: true })).upstream.patience, Infinity);

  const connector = relay({ clock: new ManualClock() });
  const first = await connect({ connector });
  await first.node.write(OK);
  await first.upstream.answered;
  const second = await connect({ connector });
  assertEquals(second.upstream.patience, Infinity);
});

Deno.test("relay() forgets that a node answers first when it was waited for in vain, as somebody may have configured it anew", async () => {
  const giveUp = [
    (upstream: Upstream) => upstream.abort(new Error("time is over")),
    (upstream: Upstream) => upstream[Symbol.asyncDispose](),
  ];
  for (const end of giveUp) {
    const connector = relay({ clock: new ManualClock() });
    const first = await connect({ connector });
    await first.node.write(OK);
    await first.upstream.answered;
    const second = await connect({ connector });
    await end(second.upstream);
    assertEquals((await connect({ connector })).upstream.patience, 25);
  }
});

Deno.test("relay() passes on why its answer is not waited for any more", async () => {
  const [near] = streamPair();
  const target = tcpFlow(near);
  const carrier = carrierOf(near, false);
  const connector = relay({ clock: new ManualClock() });
  const upstream = await connector.connectStream(carrier, {
    ...target,
    signal: target.controller.signal,
  });
  target.controller.abort(new Error("The application has given up"));
  await assertRejects(() => upstream.answered, Error, "has given up");
});

Deno.test("relay() learns nothing from an answer that came with octets, or after ours", async () => {
  const connector = relay({ clock: new ManualClock() });
  const glued = await connect({ connector });
  await glued.node.write(Uint8Array.of(...OK, 0x61));
  await glued.upstream.answered;
  assertEquals((await connect({ connector })).upstream.patience, 25);

  const late = await connect({ connector });
  await write(late.upstream, "hello");
  await late.node.write(OK);
  await late.upstream.answered;
  assertEquals((await connect({ connector })).upstream.patience, 25);
});

Deno.test("relay() puts the FIN off while octets come, for GOST cuts them 10 s after it [H.2 half-close]", async () => {
  const { clock, node, upstream } = await connect();
  await node.write(OK);
  await upstream.closeWrite();
  const read = async (): Promise<void> => {
    const octets = readOnce(upstream);
    await node.write("more");
    await octets;
  };
  for (let i = 0; i < 15; i++) {
    await read();
    const next = readOnce(upstream);
    await clock.advance(900);
    assertEquals(node.state(), "open");
    await node.write("more");
    await next;
  }
  const last = readOnce(upstream);
  await clock.advance(999);
  assertEquals(node.state(), "open");
  await clock.advance(1);
  assertEquals(node.state(), "ended");
  await node.closeWrite();
  assertEquals(await last, undefined);
});

Deno.test("relay() passes the FIN on at once to a tungo, and when the other side ends", async () => {
  const tungo = await connect({ isTungo: true });
  await tungo.upstream.closeWrite();
  assertEquals(tungo.node.state(), "ended");

  const gost = await connect();
  await gost.node.write(OK);
  await gost.upstream.closeWrite();
  assertEquals(gost.node.state(), "open");
  await gost.node.closeWrite();
  assertEquals(await readAll(gost.upstream), "");
  assertEquals([gost.node.state(), gost.clock.pending()], ["ended", 0]);
});

Deno.test("relay() carries datagrams behind an answer", async () => {
  const [near, node] = streamPair();
  const connector = relay({ clock: new ManualClock() });
  const channel = await connector.connectDatagram(
    carrierOf(near, false),
    tcpFlow(near),
  );
  const got: string[] = [];
  channel.deliver((payload) => got.push(new TextDecoder().decode(payload)));
  assertEquals(node.taken()[1], 0x81);

  channel.send(new TextEncoder().encode("one"));
  assertEquals(node.taken(), Uint8Array.of(0, 3, 0x6f, 0x6e, 0x65));
  await node.write(Uint8Array.of(...OK, 0, 1, 0x61));
  await node.write(Uint8Array.of(0, 0, 0, 1, 0x62));
  await settle();
  assertEquals(got, ["a", "", "b"]);

  await node.closeWrite();
  await channel.closed;
});

Deno.test("relay() takes an end before any datagram for a refusal of what was asked", async () => {
  for (const answer of [Uint8Array.of(), OK]) {
    const [near, node] = streamPair();
    const connector = relay({ clock: new ManualClock() });
    const channel = await connector.connectDatagram(
      carrierOf(near, false),
      tcpFlow(near),
    );
    channel.deliver(() => {});
    channel.send(Uint8Array.of(1));
    if (answer.length > 0) await node.write(answer);
    await node.closeWrite();

    const error = await assertRejects(() => channel.closed, DialError);
    assertEquals(error.kind, "refused");
  }
});

Deno.test("relay() asks for one port of the node's for all datagrams, and carries each with its peer [BIND]", async () => {
  const [near, node] = streamPair();
  const credentials = { username: "user", password: "pass" };
  const { associate } = relay({
    clock: new ManualClock(),
    bind: true,
    credentials,
  });
  if (associate === undefined) throw new Error("it does not associate");
  const asked = associate(carrierOf(near, false), tcpFlow(near));
  await settle();
  const request = "0182001c" + "01000a04757365720470617373" + "0400020001" +
    "02000701" + "00000000" + "0000";
  assertEquals(node.taken().toHex(), request);
  const bound = hex(`01000016 020013 04 ${"00".repeat(16)} 9332`);
  await node.write(concat([bound, hex("0003ff 01 7f000001 4685 4f4e45")]));
  const association = await asked;
  const got: string[] = [];
  association.deliver((payload, { host, port }) =>
    got.push(`${new TextDecoder().decode(payload)} ${host} ${port}`)
  );
  association.send(ascii("hi"), { host: "2001:db8::1", port: 53 });
  association.send(ascii(""), { host: "2001:db8::1", port: 53 });
  association.send(ascii("?"), { host: "x".repeat(256), port: 53 });
  await settle();
  assertEquals(got, ["ONE 127.0.0.1 18053"]);
  assertEquals(
    node.taken().toHex(),
    "0002ff04" + "20010db8000000000000000000000001" + "0035" + "6869",
  );
});

Deno.test("relay() says that a node has no BIND, or why else it refuses", async () => {
  const rows = [
    [1, "unsupported"],
    [2, "auth"],
    [3, "unsupported"],
    [5, "refused"],
  ] as const;
  for (const [status, kind] of rows) {
    const [near, node] = streamPair();
    const { associate } = relay({ clock: new ManualClock(), bind: true });
    await node.write(Uint8Array.of(1, status, 0, 0));
    const error = await assertRejects(
      async () => await associate?.(carrierOf(near, false), tcpFlow(near)),
      DialError,
    );
    assertEquals(error.kind, kind);
  }
});

Deno.test("relay() associates only where it is told to", () => {
  assertEquals(relay({ clock: new ManualClock() }).associate, undefined);
});
