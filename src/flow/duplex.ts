import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Under } from "./node_stream.ts";
import type { ByteStream } from "./stream.ts";

/** A ByteStream as node:stream has it, for TLS inside a carrier; takes `stream` over. */
export function duplex(
  stream: ByteStream,
): { readonly duplex: Duplex; readonly under: Under } {
  let paused = false;
  let pulling = false;
  /** The reader has asked for more while it was paused, or while it was served. */
  let wanted = false;
  const pull = async (): Promise<void> => {
    // The first of several pushes asks for more already, and a stream has one read at a time.
    wanted = paused || pulling;
    if (wanted) return;
    pulling = true;
    try {
      // Pushed when the read is over: whoever takes them may read into the very buffer that is lent here.
      const taken: Buffer[] = [];
      const more = await stream.read((octets) => {
        taken.push(Buffer.from(octets));
      });
      for (const octets of taken) result.push(octets);
      if (!more) result.push(null);
    } catch (error) {
      result.destroy(asError(error));
    }
    pulling = false;
    pullAgain();
  };
  const pullAgain = (): void => {
    if (wanted) void pull();
  };
  const result: Duplex = new Duplex({
    allowHalfOpen: true,
    read: () => void pull(),
    write(octets: Uint8Array, _encoding, done) {
      stream.write(octets).then(() => done(), (error) => done(asError(error)));
    },
    final(done) {
      stream.closeWrite().then(() => done(), (error) => done(asError(error)));
    },
    destroy(error, done) {
      if (error !== null) stream.abort(error);
      stream[Symbol.asyncDispose]().then(() => done(error), done);
    },
  });
  const under: Under = {
    pause: () => paused = true,
    resume: () => {
      paused = false;
      pullAgain();
    },
    reset: () => stream.abort(new Error("The stream was given up")),
  };
  return { duplex: result, under };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
