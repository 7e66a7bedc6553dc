import { assert } from "../base/assert.ts";
import { ProtocolError } from "../base/errors.ts";
import { decodeText } from "./decode_text.ts";
import { CONTROL_MAX } from "./websocket_frame.ts";

/** The code for whatever `FrameReader` refuses. RFC 6455 §7.4.1. */
export const CLOSE_PROTOCOL_ERROR = 1002;

export interface CloseReason {
  /** Absent where the frame had none. */
  readonly code?: number;
  readonly reason: string;
}

/** Reads the payload of a close frame. As in GOST a single octet counts as none; fails for a code that no frame may carry. */
export function parseClose(payload: Uint8Array): CloseReason | ProtocolError {
  const [high, low] = payload;
  if (high === undefined || low === undefined) return { reason: "" };
  const code = (high << 8) | low;
  if (!mayBeSent(code)) {
    return new ProtocolError("websocket", `bad close code ${code}`);
  }
  return { code, reason: decodeText(payload.subarray(2)) };
}

/** The payload of a close frame. `reason`: up to 123 octets. */
export function encodeClose(code?: number, reason: string = ""): Uint8Array {
  if (code === undefined) return new Uint8Array();
  const text = new TextEncoder().encode(reason);
  assert(2 + text.length <= CONTROL_MAX);
  return Uint8Array.of(code >> 8, code & 0xff, ...text);
}

/** The payload that answers the one of a close frame: its code without its reason, or 1002 and why. */
export function closeAnswer(payload: Uint8Array): Uint8Array {
  const close = parseClose(payload);
  return close instanceof ProtocolError
    ? encodeClose(CLOSE_PROTOCOL_ERROR, close.message)
    : encodeClose(close.code);
}

/** RFC 6455 §7.4 and the codes registered since. */
function mayBeSent(code: number): boolean {
  const defined = code >= 1000 && code <= 1014;
  const reserved = code === 1004 || code === 1005 || code === 1006;
  return (defined && !reserved) || (code >= 3000 && code <= 4999);
}
