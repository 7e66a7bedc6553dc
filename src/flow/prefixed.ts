import type { ByteStream } from "./stream.ts";
import { wrapStream } from "./wrap.ts";

/** `stream`, preceded by octets that were read from it too early; takes both over. */
export function prefixed(head: Uint8Array, stream: ByteStream): ByteStream {
  let rest: Uint8Array | undefined = head.length > 0 ? head : undefined;
  const read = (take: (octets: Uint8Array) => void): Promise<boolean> => {
    if (rest === undefined) return stream.read(take);
    take(rest);
    rest = undefined;
    return Promise.resolve(true);
  };
  const { bare: _, ...result } = wrapStream(stream, { read });
  return result;
}
