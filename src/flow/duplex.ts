import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Under } from "./node_stream.ts";
import type { ByteStream } from "./stream.ts";

/** A ByteStream as node:stream has it, for TLS inside a carrier; takes `stream` over. */
export function duplex(
  stream: ByteStream,
): { readonly duplex: Duplex; readonly under: Under } {
  let paused = false;
  /** The reader has asked for more while it was paused. */
  let wanted = false;
  const pull = async (): Promise<void> => {
    if (paused) {
      wanted = true;
      return;
    }
    try {
      const more = await stream.read((octets) =>
        result.push(Buffer.from(octets))
      );
      if (!more) result.push(null);
    } catch (error) {
      result.destroy(asError(error));
    }
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
      if (!wanted) return;
      wanted = false;
      void pull();
    },
    reset: () => stream.abort(new Error("The stream was given up")),
  };
  return { duplex: result, under };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
