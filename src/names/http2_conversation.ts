import { ProtocolError } from "../base/errors.ts";
import {
  encodeFrame,
  FRAME_FLAGS,
  FRAME_TYPES,
  type Http2Frame,
  Http2FrameReader,
  withoutPadding,
} from "../proto/http2_frame.ts";
import { encodePost, encodePreface, isOk } from "../proto/http2_request.ts";
import { OctetReader } from "../proto/octet_reader.ts";
import type { Conversation } from "./connection.ts";
import type { Query } from "./exchange.ts";
import { type HttpsServer, MEDIA_TYPE, responseOf } from "./https.ts";

/** Servers allow for at least so many streams. RFC 9113 §6.5.2. */
const MOST = 100;
/** Octets that may be sent before the server has taken any. RFC 9113 §6.9.2. */
const WINDOW = 65_535;
/** More than the longest question. */
const ROOM = 1024;
/** Octets of the longest response. */
const RESPONSE_MAX = 65_535;

interface Waiting {
  readonly query: Query;
  readonly onAnswer: (response: Uint8Array | ProtocolError) => void;
  ok: boolean | undefined;
  body: Uint8Array;
}

/** Each question a stream. RFC 8484 §5.2, RFC 9113. */
export class Http2Conversation implements Conversation {
  readonly #server: HttpsServer;
  readonly #reader = new Http2FrameReader();
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #window = WINDOW;
  /** The server takes no more streams. */
  #goingAway = false;

  constructor(server: HttpsServer) {
    this.#server = server;
  }

  mayAsk(waiting: number): boolean {
    return waiting < MOST && this.#window >= ROOM && !this.#goingAway;
  }

  ask(query: Query, onAnswer: Waiting["onAnswer"]): {
    readonly octets: Uint8Array;
    readonly forget: () => void;
  } {
    const stream = this.#next;
    this.#next += 2;
    const body = new Uint8Array(0);
    this.#waiting.set(stream, { query, onAnswer, ok: undefined, body });
    this.#window -= query.octets.length;
    const post = encodePost({
      stream,
      ...this.#server,
      headers: { accept: MEDIA_TYPE, "content-type": MEDIA_TYPE },
      body: query.octets,
    });
    const octets = stream === 1
      ? Uint8Array.of(...encodePreface(), ...post)
      : post;
    return { octets, forget: () => void this.#waiting.delete(stream) };
  }

  take(
    octets: Uint8Array,
    reply: (octets: Uint8Array) => void,
  ): ProtocolError | undefined {
    let failure: ProtocolError | undefined;
    const error = this.#reader.push(octets, (frame) => {
      failure ??= this.#takeFrame(frame, reply);
    });
    return error ?? failure;
  }

  end(): void {}

  #takeFrame(
    frame: Http2Frame,
    reply: (octets: Uint8Array) => void,
  ): ProtocolError | undefined {
    const { type, flags, stream, payload } = frame;
    const isAck = (flags & FRAME_FLAGS.ACK) !== 0;
    switch (type) {
      case FRAME_TYPES.SETTINGS:
        if (!isAck) reply(acknowledged(type, new Uint8Array(0)));
        return undefined;
      case FRAME_TYPES.PING:
        if (!isAck) reply(acknowledged(type, payload));
        return undefined;
      case FRAME_TYPES.WINDOW_UPDATE:
        if (stream === 0) this.#window += new OctetReader(payload).u32();
        return undefined;
      case FRAME_TYPES.DATA:
        if (payload.length > 0) reply(taken(payload.length));
        return this.#takeContent(frame);
      case FRAME_TYPES.HEADERS:
        return this.#takeContent(frame);
      case FRAME_TYPES.RST_STREAM:
        this.#answer(stream, new ProtocolError("http2", "It was reset"));
        return undefined;
      case FRAME_TYPES.GOAWAY:
        this.#goAway(new OctetReader(payload).u32());
        return undefined;
      default:
        return undefined;
    }
  }

  #takeContent(frame: Http2Frame): ProtocolError | undefined {
    const { type, flags, stream } = frame;
    const content = withoutPadding(frame);
    if (content === undefined) {
      return new ProtocolError("http2", "More padding than payload");
    }
    const waiting = this.#waiting.get(stream);
    if (waiting === undefined) return undefined;
    if (type === FRAME_TYPES.HEADERS) {
      // Trailers say nothing of the status.
      waiting.ok ??= isOk(content);
    } else {
      waiting.body = Uint8Array.of(...waiting.body, ...content);
    }
    const { ok = false, body, query } = waiting;
    if (body.length > RESPONSE_MAX) {
      this.#answer(stream, new ProtocolError("http2", "It does not end"));
    } else if ((flags & FRAME_FLAGS.END_STREAM) !== 0) {
      this.#answer(stream, responseOf({ status: ok ? 200 : 0, body }, query));
    }
    return undefined;
  }

  #goAway(lastStream: number): void {
    this.#goingAway = true;
    for (const stream of this.#waiting.keys()) {
      if (stream <= lastStream) continue;
      this.#answer(stream, new ProtocolError("http2", "The server goes away"));
    }
  }

  #answer(stream: number, response: Uint8Array | ProtocolError): void {
    this.#waiting.get(stream)?.onAnswer(response);
    this.#waiting.delete(stream);
  }
}

function acknowledged(type: number, payload: Uint8Array): Uint8Array {
  return encodeFrame({ type, flags: FRAME_FLAGS.ACK, stream: 0, payload });
}

/** Gives the server back what it may send. */
function taken(octets: number): Uint8Array {
  return encodeFrame({
    type: FRAME_TYPES.WINDOW_UPDATE,
    flags: 0,
    stream: 0,
    payload: Uint8Array.of(0, 0, octets >> 8, octets & 0xff),
  });
}
