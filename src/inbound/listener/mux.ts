import type { Clock } from "../../base/clock.ts";
import { describe } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { SmuxFrames } from "../../framing/smux_frames.ts";
import { type SmuxKeepalive, SmuxSession } from "../../framing/smux_session.ts";
import type { Listen } from "../contracts.ts";

export interface MuxListenOptions {
  readonly keepalive: SmuxKeepalive | undefined;
  readonly receiveBuffer: number;
  readonly streamBuffer: number | undefined;
  /** Octets of payload in a frame that is sent, at most 65 535. */
  readonly maxFrameSize: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The streams of the carriers that `listen` takes in, of either version of smux: each client has its own. */
export function mux(
  listen: Listen,
  { log, maxFrameSize, ...options }: MuxListenOptions,
): Listen {
  const frames = new SmuxFrames(maxFrameSize);
  return async ({ onIncoming, ...where }) => {
    const sessions = new Set<SmuxSession>();
    const listener = await listen({
      ...where,
      onIncoming: ({ stream: carrier, from, to }) => {
        const session = new SmuxSession(carrier, {
          ...options,
          frames,
          role: "server",
          onStream: (stream) => onIncoming({ stream, from, to }),
        });
        sessions.add(session);
        session.closed.then((reason) => {
          sessions.delete(session);
          log.debug("listener.carrier", {
            from: from.host,
            reason: describe(reason),
          });
        });
      },
    });
    return {
      address: listener.address,
      async [Symbol.asyncDispose]() {
        await listener[Symbol.asyncDispose]();
        for (const session of sessions) session.retire();
      },
    };
  };
}
