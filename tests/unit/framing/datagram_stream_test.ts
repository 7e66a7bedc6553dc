import { assertEquals, assertRejects } from "@std/assert";
import { TruncatedError } from "../../../src/base/errors.ts";
import { deferred } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import { datagramStream } from "../../../src/framing/datagram_stream.ts";
import { relayDatagrams } from "../../../src/framing/relay_datagrams.ts";
import { settle } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

Deno.test("datagramStream() carries datagrams of every size, empty ones too", async () => {
  const [left, right] = streamPair();
  const a = datagramStream(left, relayDatagrams());
  const b = datagramStream(right, relayDatagrams());
  const got: number[] = [];
  b.deliver((payload) => got.push(payload.length));
  for (const length of [0, 1, 1200, 65_507, 65_535]) {
    a.send(new Uint8Array(length));
  }
  await a[Symbol.asyncDispose]();
  await b.closed;

  assertEquals(got, [0, 1, 1200, 65_507, 65_535]);
});

Deno.test("datagramStream() writes length and payload at once", async () => {
  const [left, right] = streamPair();
  datagramStream(left, relayDatagrams()).send(Uint8Array.of(0x61, 0x62));
  assertEquals(
    await Promise.resolve(right.taken()),
    Uint8Array.of(0, 2, 97, 98),
  );
});

Deno.test("datagramStream() drops the newest datagrams of a peer that does not keep up", async () => {
  const [left, right] = streamPair();
  const room = deferred<void>();
  let writes = 0;
  const channel = datagramStream(
    wrapStream(left, {
      write: (octets: Uint8Array) => {
        left.write(octets);
        writes++;
        return room.promise;
      },
    }),
    relayDatagrams(),
  );
  for (const value of [1, 2, 3]) channel.send(Uint8Array.of(value));
  assertEquals([writes, right.taken()], [1, Uint8Array.of(0, 1, 1)]);

  room.resolve();
  await settle();
  channel.send(Uint8Array.of(4));

  assertEquals(right.taken(), Uint8Array.of(0, 1, 4));
});

Deno.test("datagramStream() fails when the stream ends within a datagram or is reset", async () => {
  const [left, right] = streamPair();
  const channel = datagramStream(left, relayDatagrams());
  channel.deliver(() => {});
  await right.write(Uint8Array.of(0, 5, 1));
  await right.closeWrite();
  await assertRejects(() => channel.closed, TruncatedError, "middle");

  const [near, far] = streamPair();
  const other = datagramStream(near, relayDatagrams());
  other.deliver(() => {});
  far.abort(new Error("gone"));
  await assertRejects(() => other.closed, TruncatedError);
});
