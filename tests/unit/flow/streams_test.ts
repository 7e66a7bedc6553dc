import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError, TruncatedError } from "../../../src/base/errors.ts";
import { peek } from "../../../src/flow/peek.ts";
import { prefixed } from "../../../src/flow/prefixed.ts";
import { readMessage } from "../../../src/flow/read_message.ts";
import { settle } from "../../support/manual_clock.ts";
import { readAll, readOnce, streamPair } from "../../support/stream_pair.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("prefixed() gives the octets that were read too early first", async () => {
  const [far, near] = streamPair();
  await far.write("world");
  await far.closeWrite();

  const stream = prefixed(octets("hello "), near);

  assertEquals(await readOnce(stream), "hello ");
  assertEquals(await readAll(stream), "world");
});

Deno.test("peek() shows the first octets and leaves them to be read", async () => {
  const [far, near] = streamPair();
  const first = peek(near);
  await far.write("GET ");
  assertEquals(await first.more(), true);
  await far.write("/ HTTP");
  assertEquals(await first.more(), true);
  assertEquals(new TextDecoder().decode(first.octets()), "GET / HTTP");

  await far.write("/1.1");
  await far.closeWrite();

  assertEquals(await readAll(first.stream), "GET / HTTP/1.1");
});

Deno.test("peek() that was given up loses nothing of what comes later", async () => {
  const [far, near] = streamPair();
  const first = peek(near);
  const more = first.more();
  const read = readOnce(first.stream);
  await settle();

  await far.write("late");

  assertEquals([await more, await read], [true, "late"]);
  await far.closeWrite();
  assertEquals(await readOnce(first.stream), undefined);
});

/** A message that ends with "!". */
function untilBang() {
  let seen = "";
  return {
    push(octets: Uint8Array) {
      const text = new TextDecoder().decode(octets);
      if (text.includes("?")) return new ProtocolError("test", "a question");
      const at = text.indexOf("!");
      seen += at < 0 ? text : text.slice(0, at);
      return at < 0 ? "more" as const : { value: seen, length: at + 1 };
    },
  };
}

Deno.test("readMessage() returns the message and what came behind it", async () => {
  const [far, near] = streamPair();
  await far.write("hel");
  await far.write("lo!rest");

  const { value, rest } = await readMessage(near, untilBang());

  assertEquals([value, new TextDecoder().decode(rest)], ["hello", "rest"]);
});

Deno.test("readMessage() rejects what breaks the protocol, and an end before the message's", async () => {
  const [far, near] = streamPair();
  await far.write("what?");
  await assertRejects(() => readMessage(near, untilBang()), ProtocolError);

  const [short, end] = streamPair();
  await short.write("hel");
  await short.closeWrite();
  await assertRejects(() => readMessage(end, untilBang()), TruncatedError);
});
