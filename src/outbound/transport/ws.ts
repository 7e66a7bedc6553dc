import type { Clock, Millis } from "../../base/clock.ts";
import { DialError, ProtocolError } from "../../base/errors.ts";
import { withDeadline } from "../../flow/deadline.ts";
import { prefixed } from "../../flow/prefixed.ts";
import { readMessage } from "../../flow/read_message.ts";
import { wrapStream } from "../../flow/wrap.ts";
import {
  MESSAGE_MAX,
  TUNGO_SUBPROTOCOL,
  websocketStream,
} from "../../framing/websocket_stream.ts";
import { httpHeadReader } from "../../proto/http_head.ts";
import { createFrameBuffer } from "../../proto/websocket_frame.ts";
import {
  checkUpgradeAnswer,
  encodeUpgradeRequest,
} from "../../proto/websocket_handshake.ts";
import type { Carrier, Transport } from "../contracts.ts";

export interface WsOptions {
  /** Value of Host, with its port. */
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ping after so long without a word. */
  readonly keepalive?: Millis;
  /** For the upgrade alone. */
  readonly timeout?: Millis;
  readonly clock: Clock;
  /** Fills an array with unpredictable octets. */
  readonly random: (into: Uint8Array) => void;
}

/** WebSocket on what `transport` opens. */
export function ws(transport: Transport, options: WsOptions): Transport {
  const frame = createFrameBuffer(MESSAGE_MAX);
  const key = new Int32Array(1);
  const keyOctets = new Uint8Array(key.buffer);
  const random = (): number => {
    options.random(keyOctets);
    return key[0] ?? 0;
  };
  const { clock, keepalive, timeout } = options;
  return async function ws(base, signal) {
    const carrier = await transport(base, signal);
    try {
      const start = clock.now();
      const { protocol, rest } = await withDeadline(
        { clock, timeout, signal, what: "The WebSocket handshake" },
        () => upgrade(carrier, options),
      );
      const isTungo = protocol === TUNGO_SUBPROTOCOL;
      const stream = websocketStream(prefixed(rest, carrier), {
        role: "client",
        marksEnds: isTungo,
        clock,
        random,
        frame,
        ...(keepalive === undefined ? {} : { keepalive }),
      });
      return wrapStream(stream, { roundTrip: clock.now() - start, isTungo });
    } catch (error) {
      carrier.abort(error);
      throw error;
    }
  };
}

/** RFC 6455 §4.1. Nothing may follow the request before it is answered: GOST would hang up. */
async function upgrade(
  carrier: Carrier,
  { host, path, headers, random }: WsOptions,
): Promise<{ protocol: string; rest: Uint8Array }> {
  const nonce = new Uint8Array(16);
  random(nonce);
  const request = {
    host,
    path,
    nonce,
    headers: { "Sec-WebSocket-Protocol": TUNGO_SUBPROTOCOL, ...headers },
  };
  const octets = encodeUpgradeRequest(request);
  if (octets instanceof ProtocolError) throw broken(octets);
  await carrier.write(octets);
  const { value, rest } = await readMessage(carrier, httpHeadReader());
  const protocol = checkUpgradeAnswer(value, request);
  if (protocol instanceof ProtocolError) throw broken(protocol);
  return { protocol, rest };
}

function broken(error: ProtocolError): DialError {
  const message = `The WebSocket handshake failed: ${error.message}`;
  return new DialError("broken", message, { cause: error });
}
