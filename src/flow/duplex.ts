import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { ByteStream } from "./stream.ts";

/** A ByteStream as node:stream has it, for TLS inside a carrier; takes `stream` over. */
export function duplex(stream: ByteStream): Duplex {
  const result: Duplex = new Duplex({
    allowHalfOpen: true,
    async read() {
      try {
        const more = await stream.read((octets) =>
          result.push(Buffer.from(octets))
        );
        if (!more) result.push(null);
      } catch (error) {
        result.destroy(asError(error));
      }
    },
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
  return result;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
