import { assertEquals, assertExists, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ProtocolError, TruncatedError } from "../../../src/base/errors.ts";
import { type ByteStream, deferred, READY } from "../../../src/flow/stream.ts";
import {
  SMUX_STREAMS_MAX,
  type SmuxOptions,
  type SmuxSession,
} from "../../../src/framing/smux_session.ts";
import type { SmuxVersion } from "../../../src/proto/smux.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../support/octets.ts";
import { smuxSession } from "../../support/smux.ts";
import {
  readAll,
  readOnce,
  streamPair,
  type TestStream,
} from "../../support/stream_pair.ts";

/** A client, a server, and the streams that the server has taken in. */
function pair(version: SmuxVersion = 1) {
  const clock = new ManualClock();
  const [left, right] = streamPair();
  const accepted: ByteStream[] = [];
  const client = smuxSession(left, { clock, role: "client", version });
  smuxSession(right, {
    clock,
    role: "server",
    onStream: (stream) => accepted.push(stream),
  });
  const next = async (): Promise<ByteStream> => {
    await settle();
    const stream = accepted.shift();
    assertExists(stream);
    return stream;
  };
  return { client, next };
}

interface Raw {
  readonly clock: ManualClock;
  readonly session: SmuxSession;
  /** The carrier's other end. */
  readonly far: TestStream;
  readonly accepted: ByteStream[];
}

/** One end, and the carrier's other end in the raw. */
function raw(options: Partial<SmuxOptions> & Pick<SmuxOptions, "role">): Raw {
  const clock = new ManualClock();
  const [near, far] = streamPair();
  const accepted: ByteStream[] = [];
  const session = smuxSession(near, {
    clock,
    ...options,
    ...(options.role === "server"
      ? { onStream: (stream: ByteStream) => accepted.push(stream) }
      : {}),
  });
  return { clock, session, far, accepted };
}

const NEVER = new AbortController().signal;

const HELLO_1 = "0100000003000000 0102050003000000 68656c6c6f";
const HELLO_2 = "0200000003000000 0202050003000000 68656c6c6f";
const TUNGO_NOP = "0103000074756e67";

for (const version of [1, 2] as const) {
  Deno.test(`SmuxSession carries streams both ways in version ${version}`, async () => {
    const { client, next } = pair(version);
    const long = "x".repeat(200_000);
    const first = await client.open(NEVER);
    const second = await client.open(NEVER);
    void first.write(ascii(long));
    await first.closeWrite();
    await second.write(ascii("second"));
    const far = await next();
    const farSecond = await next();
    assertEquals(await readAll(far), long);
    assertEquals(await readOnce(farSecond), "second");
    await far.write(ascii("answer"));
    await far.closeWrite();
    assertEquals(await readAll(first), "answer");
  });

  Deno.test(`SmuxSession takes version ${version} from its client`, async () => {
    const { far, accepted } = raw({ role: "server" });
    const syn = version === 1 ? HELLO_1 : HELLO_2;
    await far.write(hex(syn));
    await settle();
    const [stream] = accepted;
    assertExists(stream);
    await stream.write(ascii("yes"));
    await settle();
    assertEquals(
      far.taken().subarray(-11),
      concat([hex(`0${version} 02 0300 03000000`), ascii("yes")]),
    );
  });
}

Deno.test("SmuxSession sends SYN with the first octets and nothing before", async () => {
  const { session, far } = raw({ role: "client", version: 1 });
  const stream = await session.open(NEVER);
  assertEquals(far.taken(), hex(TUNGO_NOP));
  await stream.write(ascii("hello"));
  assertEquals(far.taken(), hex(HELLO_1));
  await stream.write(ascii("!"));
  assertEquals(far.taken(), hex("0102010003000000 21"));
  await (await session.open(NEVER)).write(ascii("?"));
  assertEquals(
    far.taken(),
    hex("0100000005000000 0102010005000000 3f"),
  );
});

Deno.test("SmuxSession cuts octets into frames of the largest size", async () => {
  const { session, far } = raw({ role: "client", version: 1 });
  const stream = await session.open(NEVER);
  await stream.write(new Uint8Array(40_000));
  const sent = far.taken();
  assertEquals(sent.subarray(16, 24), hex("0102008003000000"));
  const second = 24 + 32_768;
  assertEquals(
    sent.subarray(second, second + 8),
    hex("0102401c03000000"),
  );
});

Deno.test("SmuxStream puts its FIN off for a peer to which it would be the end of both directions", async () => {
  const { clock, session, far } = raw({ role: "client", version: 1 });
  const stream = await session.open(NEVER);
  await stream.write(ascii("hello"));
  await stream.closeWrite();
  far.taken();
  await far.write(hex("0102020003000000 6f6b"));
  assertEquals(await readOnce(stream), "ok");
  await clock.advance(999);
  assertEquals(far.taken(), new Uint8Array());
  await clock.advance(1);
  assertEquals(far.taken(), hex("0101000003000000"));
});

Deno.test("SmuxStream sends its FIN at once when the peer's has come", async () => {
  const { session, far } = raw({ role: "client", version: 1 });
  const stream = await session.open(NEVER);
  await stream.write(ascii("hello"));
  await stream.closeWrite();
  far.taken();
  await far.write(hex("0101000003000000"));
  assertEquals(await readOnce(stream), undefined);
  await stream[Symbol.asyncDispose]();
  assertEquals(far.taken(), hex("0101000003000000"));
});

Deno.test("SmuxStream of a server sends its FIN at once: the client waits for it", async () => {
  const { far, accepted } = raw({ role: "server" });
  await far.write(hex(HELLO_1));
  await settle();
  await accepted[0]?.closeWrite();
  assertEquals(far.taken(), hex("0101000003000000"));
});

Deno.test("SmuxStream does not write to a peer that has ended both directions", async () => {
  const { far, accepted } = raw({ role: "server" });
  await far.write(hex(`${HELLO_1} 0101000003000000`));
  await settle();
  const [stream] = accepted;
  assertExists(stream);
  assertEquals(await readAll(stream), "hello");
  await assertRejects(
    () => stream.write(ascii("late")),
    TruncatedError,
    "The peer has closed the stream",
  );
});

Deno.test("SmuxStream tells another tungo that it was given up, and GOST only that it ended", async () => {
  const ours = pair();
  const stream = await ours.client.open(NEVER);
  await stream.write(ascii("hello"));
  const far = await ours.next();
  stream.abort(new Error("enough"));
  await assertRejects(
    () => readAll(far),
    TruncatedError,
    "The peer has given the stream up",
  );

  const gost = raw({ role: "client", version: 1 });
  const other = await gost.session.open(NEVER);
  await other.write(ascii("hello"));
  gost.far.taken();
  other.abort(new Error("enough"));
  assertEquals(gost.far.taken(), hex("0101000003000000"));
  await assertRejects(() => other.read(() => {}), Error, "enough");
});

Deno.test("SmuxStream of version 2 sends no more than the peer's window", async () => {
  const { session, far } = raw({ role: "client", version: 2 });
  const stream = await session.open(NEVER);
  const sizeOf = (octets: Uint8Array): number => octets.length;
  void stream.write(new Uint8Array(400_000));
  // 8 frames of 32 KiB, and the headers of SYN and of NOP.
  assertEquals(sizeOf(far.taken()), 8 + 8 + 8 * (32_768 + 8));
  await far.write(hex("0204080003000000 0a000000 00000400"));
  await settle();
  assertEquals(sizeOf(far.taken()), 8 + 10);
  await far.write(hex("0204080003000000 0a000400 00000100"));
  await settle();
  assertEquals(sizeOf(far.taken()), 3 * 8 + 65_536);
});

Deno.test("SmuxStream of version 2 says after the first read and then each half of its window what it takes", async () => {
  const { far, accepted } = raw({ role: "server" });
  await far.write(hex(HELLO_2));
  await settle();
  const [stream] = accepted;
  assertExists(stream);
  assertEquals(far.taken(), new Uint8Array());
  assertEquals(await readOnce(stream), "hello");
  assertEquals(far.taken(), hex("0204080003000000 05000000 00000100"));
  const half = new Uint8Array(32_767);
  await far.write(concat([hex("0202ff7f03000000"), half]));
  await readOnce(stream);
  assertEquals(far.taken(), new Uint8Array());
  await far.write(concat([hex("0202010003000000"), ascii("!")]));
  await readOnce(stream);
  assertEquals(far.taken(), hex("0204080003000000 05800000 00000100"));
});

Deno.test("SmuxStream is given up when the peer sends more than its window, or reads more than was sent", async () => {
  const { far, accepted } = raw({ role: "server" });
  await far.write(hex(`${HELLO_2} 0200000005000000`));
  await settle();
  const [stream, other] = accepted;
  assertExists(stream);
  assertExists(other);
  const frame = concat([hex("0202ffff03000000"), new Uint8Array(65_535)]);
  for (let i = 0; i < 5; i++) await far.write(frame);
  await settle();
  await assertRejects(
    () => readAll(stream),
    TruncatedError,
    "The peer sends more than its window",
  );
  await far.write(hex("0204080005000000 01000000 00000100"));
  await settle();
  await assertRejects(
    () => readAll(other),
    TruncatedError,
    "The peer has read more octets than were sent",
  );
});

/** Its writer waits until the test lets it go on. */
function slow(
  stream: TestStream,
): { carrier: ByteStream; release: () => void } {
  let room = deferred<void>();
  const carrier = {
    ...stream,
    write(octets: Uint8Array): Promise<void> {
      void stream.write(octets);
      return room.promise;
    },
  };
  const release = (): void => {
    const { resolve } = room;
    room = deferred();
    resolve();
  };
  return { carrier, release };
}

Deno.test("SmuxSession sends a small message before what bulk streams have waiting", async () => {
  const [near, far] = streamPair();
  const { carrier, release } = slow(near);
  const session = smuxSession(carrier, { role: "client", version: 1 });
  release();
  await settle();
  const bulk = await session.open(NEVER);
  const small = await session.open(NEVER);
  void bulk.write(new Uint8Array(200_000));
  assertEquals(await small.write(ascii("hello")), undefined);
  far.taken();
  release();
  await settle();
  assertEquals(
    far.taken(),
    hex("0100000005000000 0102050005000000 68656c6c6f"),
  );
});

Deno.test("SmuxStream makes its writer wait while 64 KiB wait for their turn", async () => {
  const [near] = streamPair();
  const { carrier, release } = slow(near);
  const session = smuxSession(carrier, { role: "client", version: 1 });
  release();
  await settle();
  const stream = await session.open(NEVER);
  assertEquals(stream.write(new Uint8Array(65_536)) === READY, true);
  let hasRoom = false;
  stream.write(new Uint8Array(65_536)).then(() => hasRoom = true);
  await settle();
  assertEquals(hasRoom, false);
  release();
  await settle();
  assertEquals(hasRoom, true);
});

Deno.test("SmuxSession reads no more while its streams have too much unread", async () => {
  const { clock, far, accepted } = raw({
    role: "server",
    receiveBuffer: 100_000,
  });
  const frame = (id: string) =>
    concat([hex(`0102ffff${id}000000`), new Uint8Array(65_535)]);
  await far.write(hex("0100000003000000 0100000005000000"));
  await far.write(frame("03"));
  await far.write(frame("03"));
  await far.write(hex("0102050005000000 68656c6c6f"));
  await settle();
  const [hog, other] = accepted;
  assertExists(hog);
  assertExists(other);
  let heard: string | undefined;
  readOnce(other).then((text) => heard = text);
  await settle();
  assertEquals(heard, undefined);
  // Nobody reads the first stream, so it goes, and the other one goes on.
  await clock.advance(10_000);
  assertEquals(heard, "hello");
  await assertRejects(
    () => readAll(hog),
    TruncatedError,
    "Nobody has read 131070 octets for 10 s",
  );
});

Deno.test("SmuxSession promises a stream half of what is left of the budget, where nothing else is said", async () => {
  const { far, accepted } = raw({
    role: "server",
    streamBuffer: undefined,
    receiveBuffer: 1 << 20,
  });
  await far.write(hex("0200000003000000 0200000005000000"));
  await far.write(concat([hex("0202ffff03000000"), new Uint8Array(65_535)]));
  await far.write(hex("0202010005000000 21"));
  await settle();
  const [, other] = accepted;
  assertExists(other);
  assertEquals(await readOnce(other), "!");
  // (1 MiB - 65 535) / 2
  assertEquals(far.taken(), hex("0204080005000000 01000000 00800700"));
});

Deno.test("SmuxSession of two tungos has windows in version 1, so that no stream holds up another", async () => {
  const { client, next } = pair();
  const idle = await client.open(NEVER);
  await idle.write(ascii("a"));
  const far = await next();
  await readOnce(far);
  void far.write(new Uint8Array(8 << 20));
  const other = await client.open(NEVER);
  await other.write(ascii("b"));
  const farOther = await next();
  await farOther.write(ascii("hello"));
  assertEquals(await readOnce(other), "hello");
  let octets = 0;
  while (octets < 8 << 20) await idle.read(({ length }) => octets += length);
  assertEquals(octets, 8 << 20);
});

Deno.test("SmuxSession gives up no stream for what another has left unread that has ended in order", async () => {
  const { clock, far, accepted } = raw({
    role: "server",
    receiveBuffer: 100_000,
  });
  await far.write(hex("0100000003000000 0100000005000000 0100000007000000"));
  const frame = concat([hex("0102ffff03000000"), new Uint8Array(65_535)]);
  await far.write(concat([frame, frame, hex("0101000003000000")]));
  await settle();
  const [ended, other] = accepted;
  assertExists(ended);
  assertExists(other);
  await ended.closeWrite();
  await clock.advance(10_000);
  await other.write(ascii("hello"));
  await assertRejects(() => readAll(ended), TruncatedError, "Nobody has read");
});

Deno.test("SmuxSession goes on reading when a slow reader has read", async () => {
  const { far, accepted } = raw({ role: "server", receiveBuffer: 100_000 });
  await far.write(hex("0100000003000000"));
  const frame = concat([hex("0102ffff03000000"), new Uint8Array(65_535)]);
  for (let i = 0; i < 4; i++) await far.write(frame);
  await far.write(hex("0101000003000000"));
  await settle();
  const [stream] = accepted;
  assertExists(stream);
  let octets = 0;
  while (await stream.read(({ length }) => octets += length));
  assertEquals(octets, 4 * 65_535);
});

Deno.test("SmuxSession sends NOPs, and gives up a peer that says nothing", async () => {
  const { clock, session, far } = raw({ role: "client", version: 1 });
  const stream = await session.open(NEVER);
  await stream.write(ascii("hello"));
  far.taken();
  await clock.advance(20_000);
  assertEquals(far.taken(), hex("0103000000000000 0103000000000000"));
  await far.write(hex("0103000000000000"));
  await clock.advance(20_000);
  assertEquals(session.isOpen(), true);
  await clock.advance(10_000);
  assertEquals(session.isOpen(), false);
  await assertRejects(
    () => readAll(stream),
    TruncatedError,
    "No word from the peer for 30 s",
  );
  assertEquals(clock.pending(), 0);
});

Deno.test("SmuxSession ends its streams with its carrier, and says what a wrong version looks like", async () => {
  const { clock, session, far } = raw({ role: "client", version: 1 });
  const stream = await session.open(NEVER);
  await stream.write(ascii("hello"));
  await far.closeWrite();
  await assertRejects(
    () => readAll(stream),
    TruncatedError,
    "mux.version=2 would do",
  );
  assertEquals(clock.pending(), 0);
  const late = await session.open(NEVER);
  await assertRejects(() => late.write(ascii("late")), TruncatedError);

  const other = raw({ role: "client", version: 1 });
  await other.far.write(hex("0203000000000000"));
  const reason = await other.session.closed;
  assertEquals(reason instanceof ProtocolError, true);
});

Deno.test("SmuxSession closes what it cannot take in, and drops what belongs to no stream", async () => {
  const { far, accepted } = raw({ role: "server" });
  for (let id = 1; id <= SMUX_STREAMS_MAX; id++) {
    const syn = new Uint8Array([1, 0, 0, 0, id & 0xff, id >> 8, 0, 0]);
    await far.write(syn);
  }
  await far.write(hex("0100000000000100"));
  // A second SYN, octets and an end for nobody, an update in vain.
  await far.write(hex("0100000001000000"));
  await far.write(hex("0102020000000200 6869 0101000000000300"));
  await settle();
  for (let i = 0; i < 100; i++) await settle();
  assertEquals(accepted.length, SMUX_STREAMS_MAX);
  assertEquals(far.taken(), hex("0101000000000100"));
});

Deno.test("SmuxSession refuses streams to a server's: a client takes none in", async () => {
  const { far } = raw({ role: "client", version: 1 });
  far.taken();
  await far.write(hex("0100000002000000"));
  await settle();
  assertEquals(far.taken(), hex("0101000002000000"));
});

Deno.test("SmuxSession gives up a peer that reads no answers", async () => {
  const [near, far] = streamPair();
  const { carrier } = slow(near);
  const session = smuxSession(carrier, { role: "client", version: 1 });
  void (await session.open(NEVER)).write(ascii("full"));
  const syns = new Uint8Array(8 * 10_000);
  for (let at = 0; at < syns.length; at += 8) syns.set([1, 0, 0, 0, 2], at);
  await far.write(syns);
  const reason = await session.closed;
  assertEquals(
    reason instanceof ProtocolError && reason.message,
    "It reads no answers",
  );
});

Deno.test("SmuxSession bears whatever frames come, and still ends", async () => {
  const frame = fc.record({
    version: fc.constantFrom(1, 1, 1, 2),
    command: fc.nat({ max: 6 }),
    length: fc.constantFrom(0, 0, 3, 8),
    stream: fc.nat({ max: 7 }),
    payload: fc.uint8Array({ maxLength: 8 }),
  });
  await fc.assert(fc.asyncProperty(
    fc.array(frame, { maxLength: 40 }),
    fc.constantFrom("client", "server"),
    async (frames, role) => {
      const { clock, session, far, accepted } = raw({ role });
      for (const { version, command, length, stream, payload } of frames) {
        const head = [version, command, length, 0, stream, 0, 0, 0];
        await far.write(concat([Uint8Array.from(head), payload])).catch(
          () => {},
        );
        const own = role === "client"
          ? await session.open(NEVER)
          : accepted.at(-1);
        await own?.write(payload).catch(() => {});
      }
      await settle();
      await far.closeWrite();
      await session.closed;
      assertEquals(session.isOpen(), false);
      assertEquals(clock.pending(), 0);
    },
  ));
});

Deno.test("SmuxSession ends, once it is retired, with its last stream", async () => {
  const { client, next } = pair();
  const stream = await client.open(NEVER);
  await stream.write(ascii("hello"));
  const far = await next();
  client.retire();
  assertEquals(client.isOpen(), false);
  await stream.closeWrite();
  assertEquals(await readAll(far), "hello");
  await far.closeWrite();
  assertEquals(await readAll(stream), "");
  const reason = await client.closed;
  assertEquals(
    reason instanceof Error && reason.message,
    "The carrier is not needed any more",
  );
});
