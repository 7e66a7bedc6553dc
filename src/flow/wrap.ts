import type { ByteStream } from "./stream.ts";

/** `stream` with `changes` in place of its own members; both must be used through the result from now on. */
export function wrapStream<T extends object>(
  stream: ByteStream,
  changes: T & Partial<ByteStream>,
): ByteStream & NoInfer<T> {
  return {
    read: (take) => stream.read(take),
    write: (octets) => stream.write(octets),
    closeWrite: () => stream.closeWrite(),
    abort: (reason) => stream.abort(reason),
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
    ...(stream.bare === undefined ? {} : { bare: stream.bare }),
    ...changes,
  };
}
