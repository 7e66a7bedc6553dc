import { type ByteStream } from "./stream.ts";
import { wrapStream } from "./wrap.ts";

/** A stream whose first octets may be looked at before somebody reads them. */
export interface Peek {
  /** All octets so far that nobody has read. */
  octets(): Uint8Array;
  /** Waits for more of them; false after the peer's FIN. May be given up: what comes then is read later. */
  more(): Promise<boolean>;
  /** The stream, its first octets included. */
  readonly stream: ByteStream;
}

/** Takes `stream` over. */
export function peek(stream: ByteStream): Peek {
  let seen = new Uint8Array(0);
  let waiting: Promise<boolean> | undefined;
  const keep = (octets: Uint8Array): void => {
    const all = new Uint8Array(seen.length + octets.length);
    all.set(seen);
    all.set(octets, seen.length);
    seen = all;
  };
  const more = (): Promise<boolean> => {
    waiting ??= stream.read(keep).finally(() => waiting = undefined);
    return waiting;
  };
  async function read(take: (octets: Uint8Array) => void): Promise<boolean> {
    if (waiting !== undefined && seen.length === 0) await waiting;
    if (seen.length === 0) return await stream.read(take);
    const octets = seen;
    seen = new Uint8Array(0);
    take(octets);
    return true;
  }
  const { bare: _, ...peeked } = wrapStream(stream, { read });
  return { octets: () => seen, more, stream: peeked };
}
