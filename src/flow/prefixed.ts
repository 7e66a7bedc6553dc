import type { ByteStream } from "./stream.ts";
import { wrapStream } from "./wrap.ts";

/** `stream`, preceded by octets that were read from it too early; takes both over. */
export function prefixed(head: Uint8Array, stream: ByteStream): ByteStream {
  if (head.length === 0) return stream;
  let rest: Uint8Array | undefined = head;
  const { socket: _, ...result } = wrapStream(stream, {
    read(take: (octets: Uint8Array) => void): Promise<boolean> {
      if (rest === undefined) return stream.read(take);
      take(rest);
      rest = undefined;
      return Promise.resolve(true);
    },
  });
  return result;
}
