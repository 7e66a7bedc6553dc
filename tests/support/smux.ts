import { SmuxFrames } from "../../src/framing/smux_frames.ts";
import {
  type SmuxOptions,
  SmuxSession,
} from "../../src/framing/smux_session.ts";
import type { ByteStream } from "../../src/flow/stream.ts";
import { ManualClock } from "./manual_clock.ts";

/** GOST's defaults. */
export const SMUX = {
  keepalive: { interval: 10_000, timeout: 30_000 },
  receiveBuffer: 4 << 20,
  streamBuffer: 65_536,
  maxFrameSize: 32_768,
} as const;

/** A session with GOST's defaults unless `options` say otherwise, of the peer's version. */
export function smuxSession(
  carrier: ByteStream,
  options: Partial<SmuxOptions> & Pick<SmuxOptions, "role">,
): SmuxSession {
  return new SmuxSession(carrier, {
    clock: new ManualClock(),
    frames: new SmuxFrames(SMUX.maxFrameSize),
    ...SMUX,
    ...options,
  });
}
