import { assertEquals } from "@std/assert";
import { duplex } from "../../../src/flow/duplex.ts";
import type { ByteStream } from "../../../src/flow/stream.ts";
import { wrapStream } from "../../../src/flow/wrap.ts";
import { settle } from "../../support/manual_clock.ts";
import { streamPair } from "../../support/stream_pair.ts";

/** Lends `text` in pieces of `size` octets, all in one buffer, several in one read; notes reads that overlap. */
function lending(
  text: string,
  size: number,
): ByteStream & { buffer: Uint8Array; overlaps: number } {
  const octets = new TextEncoder().encode(text);
  const buffer = new Uint8Array(size);
  let at = 0;
  let reading = false;
  const [never] = streamPair();
  const stream = wrapStream(never, {
    buffer,
    overlaps: 0,
    async read(take: (octets: Uint8Array) => void): Promise<boolean> {
      if (reading) stream.overlaps++;
      reading = true;
      const more = at < octets.length;
      for (let i = 0; i < 3 && at < octets.length; i++, at += size) {
        const piece = octets.subarray(at, at + size);
        buffer.set(piece);
        take(buffer.subarray(0, piece.length));
        await Promise.resolve();
      }
      reading = false;
      return more;
    },
  });
  return stream;
}

const TEXT = "0123456789".repeat(20_000);

Deno.test("duplex() reads from the stream one read at a time, and gives everything in order", async () => {
  const stream = lending(TEXT, 1000);
  const { duplex: result } = duplex(stream);
  let text = "";
  result.on("data", (octets: Uint8Array) => {
    text += new TextDecoder().decode(octets);
  });
  await new Promise((resolve) => result.once("end", resolve));
  assertEquals([text === TEXT, stream.overlaps], [true, 0]);
  result.destroy();
});

Deno.test("duplex() hands on nothing while the stream still lends: its taker may overwrite the buffer", async () => {
  const stream = lending(TEXT, 1000);
  const { duplex: result } = duplex(stream);
  let text = "";
  result.on("data", (octets: Uint8Array) => {
    text += new TextDecoder().decode(octets);
    stream.buffer.fill(0);
  });
  await new Promise((resolve) => result.once("end", resolve));
  assertEquals(text === TEXT, true);
  result.destroy();
});

Deno.test("duplex() reads nothing while it is paused, and goes on when it is resumed", async () => {
  const [near, far] = streamPair();
  const { duplex: result, under } = duplex(near);
  let text = "";
  under.pause();
  result.on("data", (octets: Uint8Array) => {
    text += new TextDecoder().decode(octets);
  });
  await far.write("hello");
  await settle();
  assertEquals(text, "");
  under.resume();
  await far.closeWrite();
  await new Promise((resolve) => result.once("end", resolve));
  assertEquals(text, "hello");
  result.destroy();
});

Deno.test("duplex() ends the stream's octets with its own, and aborts it with its error", async () => {
  const [near, far] = streamPair();
  const { duplex: result } = duplex(near);
  result.end("bye");
  await new Promise((resolve) => result.once("finish", resolve));
  assertEquals([far.text(), far.state()], ["bye", "ended"]);
  result.on("error", () => {});
  result.destroy(new Error("broken"));
  await settle();
  assertEquals(far.state(), "The other end was aborted");
});
