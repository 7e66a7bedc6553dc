import { TruncatedError } from "../../src/base/errors.ts";
import {
  type ByteStream,
  deferred,
  READY,
  rejected,
} from "../../src/flow/stream.ts";

interface Half {
  chunks: Uint8Array[];
  ended: boolean;
  failure: { readonly reason: unknown } | undefined;
  wake: (() => void) | undefined;
}

/** One end of an in-memory stream, and what a test wants to know of it. */
export interface TestStream extends ByteStream {
  /** Takes what the other end has written so far, as it is. */
  taken(): Uint8Array;
  /** What the other end has written so far, as text. */
  text(): string;
  write(octets: Uint8Array | string): Promise<void>;
  /** "open", "ended" (the other end's FIN has come), or why it was aborted. */
  state(): string;
  /** Whether this end was disposed. */
  disposed: boolean;
}

/** Two ends of a stream in memory, without bounds. An abort of one end rejects what the other reads. */
export function streamPair(): readonly [TestStream, TestStream] {
  const a: Half = {
    chunks: [],
    ended: false,
    failure: undefined,
    wake: undefined,
  };
  const b: Half = {
    chunks: [],
    ended: false,
    failure: undefined,
    wake: undefined,
  };
  return [end(a, b), end(b, a)];
}

function end(inbound: Half, outbound: Half): TestStream {
  const wake = (half: Half): void => {
    half.wake?.();
    half.wake = undefined;
  };
  const stream: TestStream = {
    disposed: false,
    async read(take) {
      for (;;) {
        const chunk = inbound.chunks.shift();
        if (chunk !== undefined) {
          take(chunk);
          return true;
        }
        if (inbound.failure) throw inbound.failure.reason;
        if (inbound.ended) return false;
        const { promise, resolve } = deferred<void>();
        inbound.wake = resolve;
        await promise;
      }
    },
    write(octets) {
      if (outbound.failure) return rejected(outbound.failure.reason);
      const copy = typeof octets === "string"
        ? new TextEncoder().encode(octets)
        : octets.slice();
      outbound.chunks.push(copy);
      wake(outbound);
      return READY;
    },
    closeWrite() {
      outbound.ended = true;
      wake(outbound);
      return READY;
    },
    abort(reason) {
      inbound.failure ??= { reason };
      outbound.failure ??= {
        reason: new TruncatedError("The other end was aborted"),
      };
      wake(inbound);
      wake(outbound);
    },
    [Symbol.asyncDispose]() {
      stream.disposed = true;
      return READY;
    },
    taken() {
      const chunks = inbound.chunks.splice(0);
      return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    },
    text: () => new TextDecoder().decode(stream.taken()),
    state() {
      if (inbound.failure) {
        const { reason } = inbound.failure;
        return reason instanceof Error ? reason.message : String(reason);
      }
      return inbound.ended ? "ended" : "open";
    },
  };
  return stream;
}

/** Reads to the end, as text. */
export async function readAll(stream: ByteStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (await stream.read((octets) => text += decoder.decode(octets)));
  return text;
}

/** Reads once, as text; undefined after FIN. */
export async function readOnce(
  stream: ByteStream,
): Promise<string | undefined> {
  let text = "";
  const more = await stream.read((octets) =>
    text += new TextDecoder().decode(octets)
  );
  return more ? text : undefined;
}
