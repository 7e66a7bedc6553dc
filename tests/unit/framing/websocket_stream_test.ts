import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError, TruncatedError } from "../../../src/base/errors.ts";
import type { ByteStream } from "../../../src/flow/stream.ts";
import {
  MESSAGE_MAX,
  websocketStream,
} from "../../../src/framing/websocket_stream.ts";
import { createFrameBuffer } from "../../../src/proto/websocket_frame.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import {
  readAll,
  readOnce,
  streamPair,
  type TestStream,
} from "../../support/stream_pair.ts";

interface Ends {
  readonly clock: ManualClock;
  readonly client: ByteStream;
  readonly server: ByteStream;
}

function pair(marksEnds: boolean): Ends {
  const clock = new ManualClock();
  const [left, right] = streamPair();
  return {
    clock,
    client: open(left, clock, "client", marksEnds),
    server: open(right, clock, "server", marksEnds),
  };
}

function open(
  carrier: ByteStream,
  clock: ManualClock,
  role: "client" | "server",
  marksEnds: boolean,
  keepalive?: number,
): ByteStream {
  return websocketStream(carrier, {
    role,
    marksEnds,
    clock,
    random: () => 0x12345678,
    frame: createFrameBuffer(MESSAGE_MAX),
    ...(keepalive === undefined ? {} : { keepalive }),
  });
}

/** A client, and the carrier's other end in the raw. */
function raw(
  marksEnds: boolean,
  keepalive?: number,
): { clock: ManualClock; client: ByteStream; far: TestStream } {
  const clock = new ManualClock();
  const [near, far] = streamPair();
  const client = open(near, clock, "client", marksEnds, keepalive);
  return { clock, client, far };
}

Deno.test("websocketStream() carries octets both ways, of any length", async () => {
  const { client, server } = pair(true);
  const long = "x".repeat(2 * MESSAGE_MAX + 5);
  client.write(new TextEncoder().encode(long));
  client.closeWrite();
  server.write(new TextEncoder().encode("short"));
  server.closeWrite();

  assertEquals(await readAll(server), long);
  assertEquals(await readAll(client), "short");
});

Deno.test("websocketStream() masks as a client with an unpredictable key [RFC 6455 §5.3]", async () => {
  const { client, far } = raw(false);
  await client.write(new TextEncoder().encode("Hi"));
  assertEquals(
    far.taken(),
    Uint8Array.of(
      0x82,
      0x82,
      0x78,
      0x56,
      0x34,
      0x12,
      0x48 ^ 0x78,
      0x69 ^ 0x56,
    ),
  );
});

Deno.test("websocketStream() between two tungos half-closes by a close frame", async () => {
  const { client, server } = pair(true);
  await client.write(new TextEncoder().encode("question"));
  await client.closeWrite();
  assertEquals(await readAll(server), "question");

  await server.write(new TextEncoder().encode("late answer"));
  await server.closeWrite();

  assertEquals(await readAll(client), "late answer");
});

Deno.test("websocketStream() between two tungos takes an end without a mark for a truncation", async () => {
  const { client, far } = raw(true);
  await far.write(Uint8Array.of(0x82, 2, 0x6f, 0x6b));
  await far.closeWrite();
  assertEquals(await readOnce(client), "ok");
  await assertRejects(() => readOnce(client), TruncatedError, "close frame");
});

Deno.test("websocketStream() takes GOST's bare end for an end, but not within a message", async () => {
  const whole = raw(false);
  await whole.far.write(Uint8Array.of(0x82, 2, 0x6f, 0x6b));
  await whole.far.closeWrite();
  assertEquals(await readAll(whole.client), "ok");

  const cut = raw(false);
  await cut.far.write(Uint8Array.of(0x82, 3, 0x6f, 0x6b));
  await cut.far.closeWrite();
  assertEquals(await readOnce(cut.client), "ok");
  await assertRejects(() => readOnce(cut.client), TruncatedError, "middle");
});

Deno.test("websocketStream() half-closes its carrier towards GOST, without a close frame", async () => {
  const { client, far } = raw(false);
  await client.closeWrite();
  assertEquals([far.taken().length, far.state()], [0, "ended"]);
});

Deno.test("websocketStream() answers the latest of the pings that came while its carrier was full [RFC 6455 §5.5.3]", async () => {
  const [near, far] = streamPair();
  const room = Promise.withResolvers<void>();
  const write = near.write;
  near.write = (octets) => {
    write(octets);
    return room.promise;
  };
  const server = open(near, new ManualClock(), "server", false);
  for (const letter of [0x61, 0x62, 0x63]) {
    await far.write(Uint8Array.of(0x89, 0x81, 0, 0, 0, 0, letter));
  }
  const read = readOnce(server);
  await settle();
  assertEquals(far.taken(), Uint8Array.of(0x8a, 1, 0x61));

  room.resolve();
  await settle();

  assertEquals(far.taken(), Uint8Array.of(0x8a, 1, 0x63));
  server.abort(new Error("enough"));
  await assertRejects(() => read, Error, "enough");
});

Deno.test("websocketStream() answers a ping, and a close frame of a stranger's", async () => {
  const { client, far } = raw(false);
  await far.write(Uint8Array.of(0x89, 1, 0x61, 0x88, 2, 0x03, 0xe8));
  assertEquals(await readAll(client), "");
  const answers = far.taken();
  assertEquals([answers[0], answers[1]], [0x8a, 0x81]);
  assertEquals([answers[7], answers[8]], [0x88, 0x82]);
});

Deno.test("websocketStream() takes a close frame with a bad code for a truncation", async () => {
  const { client, far } = raw(false);
  await far.write(Uint8Array.of(0x88, 2, 0x03, 0xf3));
  await assertRejects(() => readOnce(client), TruncatedError, "1011");
});

Deno.test("websocketStream() tells a peer that breaks the protocol so, and fails [RFC 6455 §7.1.7]", async () => {
  const { client, far } = raw(false);
  await far.write(Uint8Array.of(0xf2, 0));
  await assertRejects(() => readOnce(client), ProtocolError, "RSV1");
  const close = far.taken();
  assertEquals(close[0], 0x88);
});

Deno.test("websocketStream() that has ended both ways waits for its peer to hang up, 2 minutes at most", async () => {
  for (const hangsUp of [true, false]) {
    const clock = new ManualClock();
    const [near, far] = streamPair();
    const client = open(near, clock, "client", true);
    await far.write(Uint8Array.of(0x88, 2, 0x03, 0xe8));
    await client.closeWrite();
    assertEquals(await readAll(client), "");

    await client[Symbol.asyncDispose]();
    await settle();
    assertEquals([far.state(), near.disposed], ["ended", false]);
    if (hangsUp) await far.closeWrite();
    else await clock.advance(120_000);
    await settle();

    assertEquals(near.disposed, true);
    assertEquals(
      near.state(),
      hangsUp ? "ended" : "The peer does not hang up",
    );
    assertEquals(clock.pending(), 0);
  }
});

Deno.test("websocketStream() pings a silent peer, and gives up when two pings bring nothing", async () => {
  const { clock, client, far } = raw(false, 15_000);
  const failed = assertRejects(() => readOnce(client), TruncatedError, "30 s");
  await clock.advance(15_000);
  assertEquals(far.taken()[0], 0x89);

  await clock.advance(15_000);

  await failed;
  assertEquals(clock.pending(), 0);
});

Deno.test("websocketStream() takes any octet for a sign of life, and does not judge who is not read", async () => {
  const { clock, client, far } = raw(false, 15_000);
  for (let i = 0; i < 4; i++) {
    const read = readOnce(client);
    await far.write(Uint8Array.of(0x82, 1, 0x61));
    assertEquals(await read, "a");
    await clock.advance(20_000);
  }
  await clock.advance(100_000);
  await far.write(Uint8Array.of(0x82, 1, 0x62));
  assertEquals(await readOnce(client), "b");
  client.abort(new Error("enough"));
  assertEquals(clock.pending(), 0);
});
