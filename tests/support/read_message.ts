import { ProtocolError } from "../../src/base/errors.ts";
import type { MessageReader } from "../../src/proto/message_reader.ts";
import { concat, lend } from "./octets.ts";

/** What a reader made of a stream: the message and the octets behind it, "more", or the text of the error. */
export type Reading<T> =
  | { readonly value: T; readonly rest: Uint8Array }
  | string;

/** Lends `octets` in pieces of the given lengths. */
export function readMessage<T>(
  reader: MessageReader<T>,
  octets: Uint8Array,
  lengths: readonly number[] = [],
): Reading<T> {
  const rest: Uint8Array[] = [];
  let read: { readonly value: T } | undefined;
  for (const piece of lend(octets, lengths)) {
    if (read !== undefined) {
      rest.push(piece.slice());
      continue;
    }
    const progress = reader.push(piece);
    if (progress instanceof ProtocolError) return progress.message;
    if (progress === "more") continue;
    read = { value: progress.value };
    rest.push(piece.slice(progress.length));
  }
  return read === undefined ? "more" : { ...read, rest: concat(rest) };
}

/** Like `readMessage` where nothing but a message will do. */
export function expectMessage<T>(
  reader: MessageReader<T>,
  octets: Uint8Array,
  lengths: readonly number[] = [],
): { readonly value: T; readonly rest: Uint8Array } {
  const reading = readMessage(reader, octets, lengths);
  if (typeof reading === "string") throw new Error(reading);
  return reading;
}
