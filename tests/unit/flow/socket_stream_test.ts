import { assertEquals, assertRejects } from "@std/assert";
import { SendBuffers } from "../../../src/flow/send_queue.ts";
import {
  socketStream,
  type StreamSocket,
} from "../../../src/flow/socket_stream.ts";
import { READY, WRITE_BOUND } from "../../../src/flow/stream.ts";

/** A socket that takes `room` octets at once, and more when the test says so. */
function begin(room = Infinity) {
  const calls: string[] = [];
  let left = room;
  let writing: (() => void) | undefined;
  const socket: StreamSocket = {
    onOctets: () => {},
    onEnd: () => {},
    onFailure: () => {},
    resume: () => calls.push("resume"),
    pause: () => calls.push("pause"),
    send(octets) {
      const sent = Math.min(left, octets.length);
      left -= sent;
      if (sent > 0) calls.push(`send ${sent}`);
      return sent;
    },
    write(octets, done) {
      calls.push(`write ${octets.length}`);
      writing = done;
    },
    end: () => calls.push("end"),
    reset: () => calls.push("reset"),
    close: () => calls.push("close"),
  };
  const stream = socketStream(socket, new SendBuffers());
  return { socket, stream, calls, endWrite: () => writing?.() };
}

Deno.test("socketStream() sends at once what the socket takes, and queues the rest", async () => {
  const { stream, calls, endWrite } = begin(10);

  assertEquals(stream.write(new Uint8Array(8)), READY);
  assertEquals(stream.write(new Uint8Array(8)), READY);
  await stream.write(new Uint8Array(3));

  assertEquals(calls, ["send 8", "send 2", "write 6"]);
  endWrite();
  assertEquals(calls.slice(3), ["write 3"]);
});

Deno.test("socketStream() makes a writer wait while more than 256 KiB are unsent", async () => {
  const { stream, endWrite } = begin(0);
  let ready = false;
  const room = stream.write(new Uint8Array(WRITE_BOUND + 1))
    .then(() => ready = true);
  await Promise.resolve();
  assertEquals(ready, false);

  endWrite();
  await room;
});

Deno.test("socketStream() sends FIN behind what is unsent, and closes behind that", async () => {
  const { socket, stream, calls, endWrite } = begin(0);
  await stream.write(new Uint8Array(5));
  await stream.closeWrite();
  socket.onEnd();
  await stream[Symbol.asyncDispose]();
  assertEquals(calls, ["write 5"]);

  endWrite();

  assertEquals(calls, ["write 5", "end", "close"]);
});

Deno.test("socketStream() resets what is disposed before both directions have ended", async () => {
  const { socket, stream, calls } = begin();
  socket.onEnd();
  await stream[Symbol.asyncDispose]();

  assertEquals(calls, ["reset"]);
  await assertRejects(() => stream.write(new Uint8Array(1)), Error, "given up");
});

Deno.test("socketStream() pauses a socket that brings more than 768 KiB in one read, and resumes it with the next", async () => {
  const { socket, stream, calls } = begin();
  const lengths: number[] = [];
  const take = ({ length }: Uint8Array): void => void lengths.push(length);
  const read = stream.read(take);
  socket.onOctets(new Uint8Array(700 * 1024));
  assertEquals(calls, ["resume"]);
  socket.onOctets(new Uint8Array(100 * 1024));
  assertEquals(calls, ["resume", "pause"]);

  await read;
  void stream.read(take);

  assertEquals(lengths, [700 * 1024, 100 * 1024]);
  assertEquals(calls, ["resume", "pause", "resume"]);
});
