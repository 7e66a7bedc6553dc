import { SendBuffers } from "../../src/flow/send_queue.ts";
import {
  socketStream,
  type StreamSocket,
} from "../../src/flow/socket_stream.ts";

const OCTETS = new Uint8Array(64 * 1024).fill(7);

/** Takes everything at once, or nothing but what it may keep. */
function socketOf(takes: "all" | "nothing"): StreamSocket {
  return {
    onOctets: () => {},
    onEnd: () => {},
    onFailure: () => {},
    resume() {},
    pause() {},
    send: ({ length }) => takes === "all" ? length : 0,
    write: (_, done) => done(),
    end() {},
    reset() {},
    close() {},
  };
}

for (const takes of ["all", "nothing"] as const) {
  const stream = socketStream(socketOf(takes), new SendBuffers());
  Deno.bench(
    `socketStream, write of 64 KiB to a socket that takes ${takes} at once`,
    () => {
      stream.write(OCTETS);
    },
  );
}

const socket = socketOf("all");
const reading = socketStream(socket, new SendBuffers());
Deno.bench("socketStream, read of 64 KiB", async () => {
  const read = reading.read(() => {});
  socket.onOctets(OCTETS);
  await read;
});
