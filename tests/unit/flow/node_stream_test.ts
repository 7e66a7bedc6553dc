import { assertEquals, assertRejects } from "@std/assert";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { ReadInto } from "../../../src/base/socket.ts";
import { nodeStreams } from "../../../src/flow/node_stream.ts";
import type { ByteStream } from "../../../src/flow/stream.ts";
import { settle } from "../../support/manual_clock.ts";

const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);

/** A socket whose octets come from the test, and a `readInto` that gives it one of its own. */
function lentSocket() {
  const socket = new Duplex({ allowHalfOpen: true, read() {}, write() {} });
  const calls: string[] = [];
  let arrive: (octets: string) => void = () => {};
  const readInto: ReadInto = (_, buffer, onOctets) => {
    arrive = (octets) => {
      buffer.set(new TextEncoder().encode(octets));
      onOctets(octets.length);
    };
    socket.resume();
    return {
      pause: () => calls.push("pause"),
      resume: () => calls.push("resume"),
    };
  };
  const stream = nodeStreams(readInto)(socket as unknown as Socket);
  return {
    ...{ stream, calls },
    arrive: (octets: string) => arrive(octets),
    end: () => socket.push(null),
    destroy: (error: Error) => socket.destroy(error),
  };
}

async function readOnce(stream: ByteStream): Promise<string[] | undefined> {
  const taken: string[] = [];
  const more = await stream.read((octets) => taken.push(text(octets)));
  return more ? taken : undefined;
}

Deno.test("nodeStreams() hands over all that comes in one turn with one read", async () => {
  const { stream, arrive, calls } = lentSocket();
  const read = readOnce(stream);
  arrive("one");
  arrive("two");

  assertEquals(await read, ["one", "two"]);
  assertEquals(calls, []);
});

Deno.test("nodeStreams() pauses, and keeps a copy, where nobody reads", async () => {
  const { stream, arrive, calls } = lentSocket();
  const first = readOnce(stream);
  arrive("one");
  await first;
  arrive("two");
  assertEquals(calls, ["pause"]);

  assertEquals(await readOnce(stream), ["two"]);
  const third = readOnce(stream);
  assertEquals(calls, ["pause", "resume"]);
  arrive("three");
  assertEquals(await third, ["three"]);
});

Deno.test("nodeStreams() tells the end behind what came in the same turn", async () => {
  const { stream, arrive, end } = lentSocket();
  const read = readOnce(stream);
  arrive("last");
  end();

  assertEquals(await read, ["last"]);
  await settle();
  assertEquals(await readOnce(stream), undefined);
});

Deno.test("nodeStreams() rejects with what destroyed the socket", async () => {
  const { stream, destroy } = lentSocket();
  const read = readOnce(stream);
  destroy(new Error("cable pulled out"));

  await assertRejects(() => read, Error, "cable pulled out");
});
