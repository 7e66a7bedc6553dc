import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../../src/base/errors.ts";
import type { Query } from "../../../src/names/exchange.ts";
import { byStream } from "../../../src/names/stream_exchange.ts";
import { queryOf, responseTo } from "../../support/dns_message.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { concat } from "../../support/octets.ts";
import { streamPair, type TestStream } from "../../support/stream_pair.ts";

const SIGNAL = new AbortController().signal;

/** The query as its own answer, behind its length. */
function answerTo(query: Query): Uint8Array {
  const answer = responseTo(query);
  return concat([Uint8Array.of(0, answer.length), answer]);
}

function begin() {
  const clock = new ManualClock();
  const servers: TestStream[] = [];
  const exchange = byStream({
    open: () => {
      const [near, far] = streamPair();
      servers.push(far);
      return Promise.resolve(near);
    },
    clock,
  });
  return { clock, servers, exchange };
}

const FIRST = queryOf(1, "a.example");
const SECOND = queryOf(2, "b.example");

Deno.test("byStream() asks many questions on one connection, and takes the answers in any order [RFC 7766 §6.2.1, §7]", async () => {
  const { servers, exchange } = begin();
  const answers = [exchange(FIRST, SIGNAL), exchange(SECOND, SIGNAL)];
  await settle();
  assertEquals(servers.length, 1);
  const asked = servers[0]?.taken().length;
  assertEquals(asked, 4 + FIRST.octets.length + SECOND.octets.length);
  await servers[0]?.write(concat([answerTo(SECOND), answerTo(FIRST)]));
  const [first, second] = await Promise.all(answers);
  assertEquals([first?.[1], second?.[1]], [1, 2]);
});

Deno.test("byStream() asks again on a new connection when the server has hung up on the old one [RFC 7766 §6.2.3]", async () => {
  const { servers, exchange } = begin();
  const first = exchange(FIRST, SIGNAL);
  await settle();
  await servers[0]?.write(answerTo(FIRST));
  await first;
  const second = exchange(SECOND, SIGNAL);
  await settle();
  await servers[0]?.closeWrite();
  await settle();
  await servers[1]?.write(answerTo(SECOND));
  assertEquals((await second)[1], 2);
});

Deno.test("byStream() fails when a new connection ends without an answer", async () => {
  const { servers, exchange } = begin();
  const failed = assertRejects(
    () => exchange(FIRST, SIGNAL),
    ProtocolError,
    "The nameserver hung up",
  );
  await settle();
  await servers[0]?.closeWrite();
  await failed;
});

Deno.test("byStream() closes a connection that nobody asks on for 8 s", async () => {
  const { clock, servers, exchange } = begin();
  const first = exchange(FIRST, SIGNAL);
  await settle();
  await servers[0]?.write(answerTo(FIRST));
  await first;
  await clock.advance(7999);
  assertEquals(servers[0]?.state(), "open");
  await clock.advance(1);
  assertEquals(servers[0]?.state(), "The other end was aborted");
  assertEquals(clock.pending(), 0);
});

Deno.test("byStream() gives up a connection that answers nobody, and leaves one to others who wait", async () => {
  const { servers, exchange } = begin();
  const controller = new AbortController();
  const impatient = assertRejects(
    () => exchange(FIRST, controller.signal),
    Error,
    "too slow",
  );
  const patient = exchange(SECOND, SIGNAL);
  await settle();
  controller.abort(new Error("too slow"));
  await impatient;
  await servers[0]?.write(answerTo(SECOND));
  assertEquals((await patient)[1], 2);

  const other = begin();
  const alone = new AbortController();
  const failed = assertRejects(
    () => other.exchange(FIRST, alone.signal),
    Error,
    "too slow",
  );
  await settle();
  alone.abort(new Error("too slow"));
  await failed;
  assertEquals(other.servers[0]?.state(), "The other end was aborted");
});
