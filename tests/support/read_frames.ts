import { FrameReader } from "../../src/proto/websocket_frame_reader.ts";
import { concat, lend } from "./octets.ts";

export interface Frames {
  /** Of all messages, joined. */
  readonly payload: Uint8Array;
  /** Like "ping 6162". */
  readonly control: readonly string[];
  readonly error: string | undefined;
  /** Whether the stream may end here. */
  readonly whole: boolean;
}

/** Lends `octets` to a FrameReader in pieces of the given lengths, up to the first error. */
export function readFrames(
  peer: { readonly masked: boolean },
  octets: Uint8Array,
  lengths: readonly number[] = [],
): Frames {
  const payload: Uint8Array[] = [];
  const control: string[] = [];
  const reader = new FrameReader(peer);
  let error: string | undefined;
  for (const piece of lend(octets, lengths)) {
    error ??= reader.push(piece, {
      onPayload: (octets) => payload.push(octets.slice()),
      onControl: (opcode, octets) =>
        control.push(`${opcode} ${octets.toHex()}`.trimEnd()),
    })?.message;
  }
  const whole = reader.isBetweenMessages();
  return { payload: concat(payload), control, error, whole };
}
