import type { Clock, Millis } from "../../base/clock.ts";
import { describe, TruncatedError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { withDeadline } from "../../flow/deadline.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import type { ByteStream } from "../../flow/stream.ts";
import {
  MESSAGE_MAX,
  TUNGO_SUBPROTOCOL,
  websocketStream,
} from "../../framing/websocket_stream.ts";
import { httpHeadReader } from "../../proto/http_head.ts";
import { createFrameBuffer } from "../../proto/websocket_frame.ts";
import { answerUpgradeRequest } from "../../proto/websocket_handshake.ts";
import type { Incoming, Listen } from "../contracts.ts";
import { hangUp } from "../hang_up.ts";

/** A client has so long for its request. */
const UPGRADE: Millis = 15_000;

export interface WsListenOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** WebSocket on what `listen` takes in. */
export function ws(listen: Listen, options: WsListenOptions): Listen {
  const frame = createFrameBuffer(MESSAGE_MAX);
  const { clock, log } = options;
  return ({ onIncoming, ...where }) =>
    listen({
      ...where,
      onIncoming: ({ stream, from, to }: Incoming) => {
        upgrade(stream, options).then((upgraded) => {
          if (upgraded === undefined) return;
          const { rest, isTungo } = upgraded;
          const websocket = websocketStream(prefixed(rest, stream), {
            role: "server",
            marksEnds: isTungo,
            clock,
            random: () => 0,
            frame,
          });
          onIncoming({ stream: websocket, from, to });
        }).catch((error) => {
          const reason = describe(error);
          log.debug("listener.upgrade", { from: from.host, reason });
          stream.abort(error);
        });
      },
    });
}

interface Upgraded {
  /** What came behind the request. */
  readonly rest: Uint8Array;
  readonly isTungo: boolean;
}

/** Undefined where the request was refused, and answered so. */
async function upgrade(
  stream: ByteStream,
  { path, clock, log }: WsListenOptions,
): Promise<Upgraded | undefined> {
  const { signal } = new AbortController();
  const what = "The upgrade";
  const { value, rest } = await withDeadline(
    { clock, timeout: UPGRADE, signal, what },
    (signal) => {
      signal.addEventListener("abort", () => stream.abort(signal.reason));
      return readMessage(stream, httpHeadReader());
    },
  );
  // A frame may not come before the answer; GOST hangs up on it as well.
  if (rest.length > 0) throw new TruncatedError("Octets behind the request");
  const subprotocol = TUNGO_SUBPROTOCOL;
  const answer = answerUpgradeRequest(value, { path, subprotocol });
  await stream.write(answer.octets);
  if (answer.status === 101) {
    return { rest, isTungo: answer.subprotocol === subprotocol };
  }
  log.debug("listener.upgrade", { reason: `${answer.status}` });
  await hangUp(stream, clock);
  return undefined;
}
