import { assertEquals, assertRejects } from "@std/assert";
import { TruncatedError } from "../../../src/base/errors.ts";
import { splice } from "../../../src/flow/splice.ts";
import { deferred } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import { settle } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

Deno.test("splice carries octets both ways, counts them, and ends each direction by itself", async () => {
  const [application, local] = streamPair();
  const [upstream, target] = streamPair();
  const traffic = { sent: 0, received: 0 };
  const done = splice(local, upstream, traffic);

  await application.write("question");
  await application.closeWrite();
  await settle();
  assertEquals([target.text(), target.state()], ["question", "ended"]);
  assertEquals(application.state(), "open");

  await target.write("long ");
  await target.write("answer");
  await target.closeWrite();
  await done;
  assertEquals(application.text(), "long answer");
  assertEquals(application.state(), "ended");
  assertEquals(traffic, { sent: 8, received: 11 });
});

Deno.test("splice aborts both ends when one is truncated", async () => {
  const [application, local] = streamPair();
  const [upstream, target] = streamPair();
  const done = splice(local, upstream, { sent: 0, received: 0 });

  target.abort(new Error("gone"));

  await assertRejects(() => done, TruncatedError);
  assertEquals(application.state(), "The other end was aborted");
});

Deno.test("splice reads no more while the other side has no room", async () => {
  const [application, local] = streamPair();
  const [upstream, target] = streamPair();
  const room = deferred<void>();
  const slow = wrapStream(upstream, {
    write: (octets: Uint8Array) => {
      upstream.write(octets);
      return room.promise;
    },
  });
  const done = splice(local, slow, { sent: 0, received: 0 });
  for (const text of ["a", "b", "c"]) await application.write(text);
  await settle();
  assertEquals(target.text(), "a");

  room.resolve();
  await application.closeWrite();
  await target.closeWrite();
  await done;

  assertEquals(target.text(), "bc");
});
