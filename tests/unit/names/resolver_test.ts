import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Dialer } from "../../../src/flow/dialer.ts";
import { formatEndpoint } from "../../../src/flow/flow.ts";
import { deferred, READY } from "../../../src/flow/stream.ts";
import { byDatagram, targetOf } from "../../../src/names/exchange.ts";
import type { Nameserver } from "../../../src/names/nameserver.ts";
import {
  createResolver,
  type ResolverOptions,
} from "../../../src/names/resolver.ts";
import { byStream } from "../../../src/names/stream_exchange.ts";
import { upstreamOf } from "../../support/flows.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ascii, concat, hex } from "../../support/octets.ts";
import { streamPair } from "../../support/stream_pair.ts";

const SIGNAL = new AbortController().signal;
const FIRST = { host: "198.51.100.53", port: 53 };
const SECOND = { host: "2001:db8::53", port: 53 };

interface Question {
  readonly server: string;
  /** "a.example A" */
  readonly text: string;
  readonly query: Uint8Array;
}

/** What a nameserver answers, undefined for nothing at all. */
type Answer = (question: Question) => Uint8Array | undefined;

/** Header, question and records of an answer to `query`; `flags` as RFC 1035 §4.1.1 has them. */
function answer(
  query: Uint8Array,
  flags: number,
  ...records: Uint8Array[]
): Uint8Array {
  return concat([
    query.subarray(0, 2),
    Uint8Array.of(
      flags >> 8,
      flags & 0xff,
      0,
      1,
      0,
      records.length,
      0,
      0,
      0,
      0,
    ),
    query.subarray(12),
    ...records,
  ]);
}

/** Of the name in the question. */
function record(type: number, ttl: number, address: Uint8Array): Uint8Array {
  const header = [0xc0, 0x0c, 0, type, 0, 1, 0, 0, ttl >> 8, ttl & 0xff];
  return concat([Uint8Array.of(...header, 0, address.length), address]);
}

const OK = 0x8180;
const SERVFAIL = 0x8182;
const NXDOMAIN = 0x8183;
const TRUNCATED = 0x8380;
const V4 = hex("c0000207");
const V6 = hex("20010db8 00000000 00000000 00000007");

/** Answers with one address of each family, valid for `ttl` seconds. */
const both = (ttl: number): Answer => ({ text, query }) =>
  text.endsWith("AAAA")
    ? answer(query, OK, record(28, ttl, V6))
    : answer(query, OK, record(1, ttl, V4));

function textOf(query: Uint8Array): string {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(
      new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)),
    );
    at += 1 + length;
  }
  return `${labels.join(".")} ${query[at + 2] === 28 ? "AAAA" : "A"}`;
}

function begin(
  respond: Answer,
  { nameserver = {}, ...changes }: Partial<ResolverOptions> & {
    readonly nameserver?: Partial<Nameserver>;
  } = {},
) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const way = { respond };
  const dialer: Dialer = {
    dialDatagram({ dst }) {
      let receive = (_: Uint8Array): void => {};
      return Promise.resolve({
        closed: deferred<void>().promise,
        deliver: (onDatagram) => receive = onDatagram,
        send(payload) {
          const query = payload.slice();
          const text = textOf(query);
          asked.push(`${dst.host} ${text}`);
          const octets = way.respond({ server: dst.host, text, query });
          if (octets !== undefined) receive(octets);
        },
        [Symbol.asyncDispose]: () => READY,
      });
    },
    dialStream({ dst }) {
      const [near, server] = streamPair();
      const serve = async (): Promise<void> => {
        while (
          await server.read((framed) => {
            const query = framed.slice(2);
            const text = textOf(query);
            asked.push(`${dst.host} ${text}/tcp`);
            const octets = both(60)({ server: dst.host, text, query });
            if (octets === undefined) return;
            server.write(concat([Uint8Array.of(0, octets.length), octets]));
          })
        );
      };
      serve().catch(() => {});
      return Promise.resolve(upstreamOf(near));
    },
  };
  let id = 0x1234;
  const resolve = createResolver({
    nameservers: [FIRST, SECOND].map((server) => {
      const open = (signal: AbortSignal) =>
        dialer.dialStream(targetOf(server, signal));
      const stream = byStream({ open, clock });
      return {
        name: formatEndpoint(server),
        exchange: byDatagram({ dialer, server, clock, stream }),
        families: ["ipv4", "ipv6"],
        timeout: 3000,
        ...nameserver,
      };
    }),
    onNothing: "end",
    clock,
    random: () => id++,
    ...changes,
  });
  return { clock, asked, way, resolve };
}

Deno.test("createResolver() asks for both families and gives IPv4 first", async () => {
  const { asked, resolve } = begin(both(60));
  assertEquals(await resolve("A.Example.", SIGNAL), [
    "192.0.2.7",
    "2001:db8::7",
  ]);
  assertEquals(asked, [
    "198.51.100.53 a.example A",
    "198.51.100.53 a.example AAAA",
  ]);
});

Deno.test("createResolver() asks nobody for localhost", async () => {
  const { asked, resolve } = begin(both(60));
  assertEquals(await resolve("localhost", SIGNAL), ["127.0.0.1", "::1"]);
  assertEquals(asked, []);
});

Deno.test("createResolver() remembers an answer as long as it is valid, an hour at most and a second at least", async () => {
  for (
    const [ttl, kept] of [[60, 60_000], [0, 1000], [65_000, 3_600_000]] as const
  ) {
    const { clock, asked, resolve } = begin(both(ttl));
    await resolve("a.example", SIGNAL);
    await clock.advance(kept - 1);
    await resolve("a.example", SIGNAL);
    assertEquals(asked.length, 2, `${ttl}`);
    await clock.advance(1);
    await resolve("a.example", SIGNAL);
    assertEquals(asked.length, 4, `${ttl}`);
  }
});

Deno.test("createResolver() gives the last good answer where nobody answers any more", async () => {
  const { clock, way, resolve } = begin(both(1));
  const good = await resolve("a.example", SIGNAL);
  way.respond = () => undefined;
  await clock.advance(5000);
  const again = resolve("a.example", SIGNAL);
  await clock.advance(6000);
  assertEquals(await again, good);
});

Deno.test("createResolver() asks the next server when one says nothing or cannot say, and repeats what may have been lost", async () => {
  const { clock, asked, resolve } = begin((question) =>
    question.server === FIRST.host ? undefined : both(60)(question)
  );
  const waiting = resolve("a.example", SIGNAL);
  await clock.advance(3000);
  assertEquals(await waiting, ["192.0.2.7", "2001:db8::7"]);
  const first = asked.filter((line) => line === "198.51.100.53 a.example A");
  assertEquals(first.length, 3);
  assertEquals(clock.pending(), 0);

  const failing = begin((question) =>
    question.server === FIRST.host
      ? answer(question.query, SERVFAIL)
      : both(60)(question)
  );
  assertEquals((await failing.resolve("a.example", SIGNAL)).length, 2);
});

Deno.test("createResolver() believes a server that there is no such name, or none of its addresses", async () => {
  for (const flags of [NXDOMAIN, OK]) {
    const { asked, resolve } = begin(({ query }) => answer(query, flags));
    const error = await assertRejects(
      () => resolve("nowhere.example", SIGNAL),
      DialError,
      `no address for "nowhere.example"`,
    );
    assertEquals([error.kind, asked.length], ["unreachable", 2]);
  }
});

Deno.test("createResolver() takes the family that there is", async () => {
  const { resolve } = begin((question) =>
    question.text.endsWith("AAAA")
      ? both(60)(question)
      : answer(question.query, OK)
  );
  assertEquals(await resolve("a.example", SIGNAL), ["2001:db8::7"]);
});

Deno.test("createResolver() tells why nobody could be asked", async () => {
  const { clock, resolve } = begin(() => undefined);
  const failed = assertRejects(
    () => resolve("a.example", SIGNAL),
    DialError,
    "Asking 198.51.100.53:53 for a.example took longer than 3 s; Asking [2001:db8::53]:53",
  );
  await clock.advance(6000);
  await failed;
});

Deno.test("createResolver() asks once for all who wait, and whoever gives up ends nobody else's question", async () => {
  const { clock, asked, resolve } = begin((question) =>
    question.server === FIRST.host ? undefined : both(60)(question)
  );
  const controller = new AbortController();
  const impatient = assertRejects(
    () => resolve("a.example", controller.signal),
    Error,
    "given up",
  );
  const patient = resolve("a.example", SIGNAL);
  await settle();
  assertEquals(asked.length, 2);
  controller.abort(new Error("given up"));
  await impatient;
  await clock.advance(3000);
  assertEquals((await patient).length, 2);
});

Deno.test("createResolver() ignores answers to what was not asked [RFC 5452 §9.1]", async () => {
  const forge: readonly ((query: Uint8Array) => void)[] = [
    (query) => query[0] = 0xff,
    (query) => query[13] = 0x62,
    (query) => query[query.length - 3] = 16,
  ];
  for (const change of forge) {
    const { clock, resolve } = begin(({ query }) => {
      const forged = query.slice();
      change(forged);
      return both(60)({ server: "", text: "a.example A", query: forged });
    });
    const failed = assertRejects(() => resolve("a.example", SIGNAL), DialError);
    await clock.advance(6000);
    await failed;
  }
});

Deno.test("createResolver() asks by TCP when the answer was cut [RFC 1035 §4.2.1]", async () => {
  const { asked, resolve } = begin(({ query }) => answer(query, TRUNCATED));
  assertEquals(await resolve("a.example", SIGNAL), [
    "192.0.2.7",
    "2001:db8::7",
  ]);
  assertEquals(asked.filter((line) => line.endsWith("/tcp")).length, 2);
});

Deno.test("createResolver() survives octets that are no answer", async () => {
  const { clock, resolve } = begin(() => ascii("nonsense"));
  const failed = assertRejects(() => resolve("a.example", SIGNAL), DialError);
  await clock.advance(6000);
  await failed;
});

Deno.test("createResolver() gives the preferred family first, and asks for no other where it may not", async () => {
  const prefer = begin(both(60), {
    nameserver: { families: ["ipv6", "ipv4"] },
  });
  assertEquals(await prefer.resolve("a.example", SIGNAL), [
    "2001:db8::7",
    "192.0.2.7",
  ]);
  const only = begin(both(60), { nameserver: { families: ["ipv6"] } });
  assertEquals(await only.resolve("a.example", SIGNAL), ["2001:db8::7"]);
  assertEquals(only.asked, ["198.51.100.53 a.example AAAA"]);
});

Deno.test("createResolver() asks the next server where one has no address, if it is told to [D.4]", async () => {
  const { asked, resolve } = begin(
    (question) =>
      question.server === FIRST.host
        ? answer(question.query, NXDOMAIN)
        : both(60)(question),
    { onNothing: "next" },
  );
  assertEquals((await resolve("a.example", SIGNAL)).length, 2);
  assertEquals(asked.length, 4);
});

Deno.test("createResolver() remembers that there is no address as long as the zone says, a minute at most [RFC 2308 §5]", async () => {
  const soa = (minimum: number): Uint8Array =>
    concat([
      hex("00 0006 0001 0000ffff 0016 00 00"),
      hex("00000001 00000001 00000001 00000001"),
      Uint8Array.of(0, 0, minimum >> 8, minimum & 0xff),
    ]);
  for (
    const [minimum, kept] of [[10, 10_000], [9999, 60_000], [0, 1000]] as const
  ) {
    const { clock, asked, resolve } = begin(({ query }) => {
      const octets = concat([answer(query, NXDOMAIN), soa(minimum)]);
      octets[9] = 1;
      return octets;
    });
    const fails = () =>
      assertRejects(() => resolve("a.example", SIGNAL), DialError);
    await fails();
    await clock.advance(kept - 1);
    await fails();
    assertEquals(asked.length, 2, `${minimum}`);
    await clock.advance(1);
    await fails();
    assertEquals(asked.length, 4, `${minimum}`);
  }
});

Deno.test("createResolver() keeps answers as long as `ttl` says, and none with 0", async () => {
  for (const [ttl, count] of [[5000, 2], [0, 4]] as const) {
    const { clock, asked, resolve } = begin(both(1), { nameserver: { ttl } });
    await resolve("a.example", SIGNAL);
    await clock.advance(4999);
    await resolve("a.example", SIGNAL);
    assertEquals(asked.length, count, `${ttl}`);
  }
});

Deno.test("createResolver() gives the old answer at once while it asks for a new one, where it may be stale", async () => {
  const { clock, asked, way, resolve } = begin(both(1), {
    nameserver: { stale: true },
  });
  const old = await resolve("a.example", SIGNAL);
  await clock.advance(5000);
  way.respond = ({ text, query }) =>
    text.endsWith("AAAA")
      ? answer(query, OK)
      : answer(query, OK, record(1, 60, hex("c0000208")));
  assertEquals(await resolve("a.example", SIGNAL), old);
  assertEquals(asked.length, 4);
  await settle();
  assertEquals(await resolve("a.example", SIGNAL), ["192.0.2.8"]);
});

Deno.test("createResolver() tells which nameserver refused, and how", async () => {
  const { resolve } = begin(({ query }) => answer(query, 0x8185));
  await assertRejects(
    () => resolve("a.example", SIGNAL),
    DialError,
    `Cannot resolve "a.example": Asking 198.51.100.53:53 for a.example failed: It answered REFUSED`,
  );
});

Deno.test("createResolver() waits 50 ms for the other family when the preferred one has addresses, and for the preferred one as long as it takes [RFC 8305 §3]", async () => {
  const onlyA: Answer = (question) =>
    question.text.endsWith("AAAA") ? undefined : both(60)(question);
  const quick = begin(onlyA);
  let found: readonly string[] = [];
  const waiting = quick.resolve("a.example", SIGNAL).then((addresses) => {
    found = addresses;
  });
  await quick.clock.advance(49);
  assertEquals(found, []);
  await quick.clock.advance(1);
  await waiting;
  assertEquals(found, ["192.0.2.7"]);

  const slow = begin(onlyA, { nameserver: { families: ["ipv6", "ipv4"] } });
  const late = slow.resolve("a.example", SIGNAL);
  await slow.clock.advance(3000);
  assertEquals(await late, ["192.0.2.7"]);
});
