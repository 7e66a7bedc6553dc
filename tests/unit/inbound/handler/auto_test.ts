import { assertEquals } from "@std/assert";
import { auto } from "../../../../src/inbound/handler/auto.ts";
import type { Handle } from "../../../../src/inbound/handler/client.ts";
import {
  type HandlerRun,
  handlerRun,
  send,
} from "../../../support/handler_run.ts";
import { ascii, hex } from "../../../support/octets.ts";
import { readOnce } from "../../../support/stream_pair.ts";

/** Notes which handler has taken a client, and what it can read of it. */
function begin(): { run: HandlerRun; taken: string[] } {
  const taken: string[] = [];
  const handle = (name: string): Handle => ({ stream }) => {
    readOnce(stream).then((text) => taken.push(`${name} ${text?.length}`));
  };
  const run = handlerRun((options) =>
    auto({
      ...options,
      socks4: handle("socks4"),
      socks5: handle("socks5"),
      http: handle("http"),
    })
  );
  return { run, taken };
}

Deno.test("auto() tells protocols by the first octet, and passes it on", async () => {
  const rows = [
    [hex("04 01 0050"), "socks4 4"],
    [hex("05 01 00"), "socks5 3"],
    [ascii("GET "), "http 4"],
    [ascii("C"), "http 1"],
  ] as const;
  for (const [octets, expected] of rows) {
    const { run, taken } = begin();
    await send(run, octets);
    assertEquals(taken, [expected]);
  }
});

Deno.test("auto() gives up who says nothing", async () => {
  const { run, taken } = begin();
  await run.clock.advance(15_000);
  assertEquals(run.client.state(), "The other end was aborted");
  const ended = begin();
  await ended.run.client.closeWrite();
  await ended.run.clock.advance(0);
  assertEquals(ended.run.client.state(), "The other end was aborted");
  assertEquals([...taken, ...ended.taken], []);
});
