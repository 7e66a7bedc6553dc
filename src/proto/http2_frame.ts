import { ProtocolError } from "../base/errors.ts";
import { OctetReader } from "./octet_reader.ts";

/** RFC 9113 §6. */
export const FRAME_TYPES = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
} as const;

export const FRAME_FLAGS = {
  /** Of SETTINGS and PING. */
  ACK: 0x01,
  END_STREAM: 0x01,
  END_HEADERS: 0x04,
  PADDED: 0x08,
  PRIORITY: 0x20,
} as const;

/** Octets of a payload unless somebody allows for more. RFC 9113 §4.2. */
const PAYLOAD_MAX = 16_384;
const HEADER = 9;

export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  /** 0: the connection's own. */
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** RFC 9113 §4.1. */
export function encodeFrame(
  { type, flags, stream, payload }: Http2Frame,
): Uint8Array {
  const octets = new Uint8Array(HEADER + payload.length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, payload.length << 8 | type);
  octets[4] = flags;
  view.setUint32(5, stream);
  octets.set(payload, HEADER);
  return octets;
}

/** Takes frames out of a stream, however it is cut. */
export class Http2FrameReader {
  #rest = new Uint8Array(0);

  /** Calls back for every frame that ends in `octets`; its payload is lent. After an error the stream has no boundaries any more. */
  push(
    octets: Uint8Array,
    onFrame: (frame: Http2Frame) => void,
  ): ProtocolError | undefined {
    const all = new Uint8Array(this.#rest.length + octets.length);
    all.set(this.#rest);
    all.set(octets, this.#rest.length);
    let at = 0;
    while (all.length - at >= HEADER) {
      const fields = new OctetReader(all, at);
      const length = fields.u8() << 16 | fields.u16();
      if (length > PAYLOAD_MAX) {
        return new ProtocolError("http2", `A frame of ${length} octets`);
      }
      const type = fields.u8();
      const flags = fields.u8();
      const stream = fields.u32() % 2 ** 31;
      const end = at + HEADER + length;
      if (end > all.length) break;
      const payload = all.subarray(at + HEADER, end);
      onFrame({ type, flags, stream, payload });
      at = end;
    }
    this.#rest = all.slice(at);
    return undefined;
  }
}

/** What is left of the payload of DATA or HEADERS without padding and priority; undefined where they are longer than all of it. */
export function withoutPadding(
  { type, flags, payload }: Http2Frame,
): Uint8Array | undefined {
  const padded = (flags & FRAME_FLAGS.PADDED) !== 0;
  const padding = padded ? payload[0] ?? 0 : 0;
  const priority =
    type === FRAME_TYPES.HEADERS && (flags & FRAME_FLAGS.PRIORITY) !== 0
      ? 5
      : 0;
  const start = (padded ? 1 : 0) + priority;
  const end = payload.length - padding;
  return start > end ? undefined : payload.subarray(start, end);
}
