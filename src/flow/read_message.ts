import { ProtocolError, TruncatedError } from "../base/errors.ts";
import type { ByteStream } from "./stream.ts";

/** What reads one message from octets as they come, like proto's MessageReader. */
export interface Reader<T> {
  /** `length`: octets of `octets` that belong to the message. */
  push(
    octets: Uint8Array,
  ): { readonly value: T; readonly length: number } | "more" | ProtocolError;
}

export interface Message<T> {
  readonly value: T;
  /** Octets that came behind the message; not the reader's. */
  readonly rest: Uint8Array;
}

/** Reads one message from `stream`. Rejects with a ProtocolError, or a TruncatedError where the stream ends before the message does. */
export async function readMessage<T>(
  stream: ByteStream,
  reader: Reader<T>,
): Promise<Message<T>> {
  const message = await readMessageOrEnd(stream, reader);
  if (message !== undefined) return message;
  throw new TruncatedError("The stream ended too early");
}

/** Like `readMessage`, but undefined where the stream ends in order before its first octet. */
export async function readMessageOrEnd<T>(
  stream: ByteStream,
  reader: Reader<T>,
): Promise<Message<T> | undefined> {
  let begun = false;
  let value: { readonly of: T } | undefined;
  let failure: ProtocolError | undefined;
  const rest: Uint8Array[] = [];
  const take = (octets: Uint8Array): void => {
    begun = true;
    if (failure !== undefined) return;
    if (value !== undefined) {
      rest.push(octets.slice());
      return;
    }
    const progress = reader.push(octets);
    if (progress === "more") return;
    if (progress instanceof ProtocolError) {
      failure = progress;
      return;
    }
    value = { of: progress.value };
    rest.push(octets.slice(progress.length));
  };
  while (value === undefined) {
    const more = await stream.read(take);
    if (failure !== undefined) throw failure;
    if (more) continue;
    if (!begun) return undefined;
    throw new TruncatedError("The stream ended in the middle of a message");
  }
  return { value: value.of, rest: concat(rest) };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
