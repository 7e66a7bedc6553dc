import { SMUX_HEADER } from "../proto/smux.ts";

/** Room for the two headers that may stand before a payload: of SYN and of PSH. */
const PAYLOAD_AT = 2 * SMUX_HEADER;
/** How many wait to be filled again. */
const SPARE = 16;

/** Payload that waits for its turn, with room before it. */
export interface SmuxFrameBuffer {
  readonly octets: Uint8Array<ArrayBuffer>;
  /** The payload's, in `octets`. */
  start: number;
  end: number;
}

/** Buffers for the frames of many sessions. */
export class SmuxFrames {
  readonly #payloadMax: number;
  readonly #spare: SmuxFrameBuffer[] = [];

  /** `payloadMax`: octets of payload in a frame that is sent, at most 65 535. */
  constructor(payloadMax: number) {
    this.#payloadMax = payloadMax;
  }

  /** An empty one. */
  take(): SmuxFrameBuffer {
    return this.#spare.pop() ?? {
      octets: new Uint8Array(PAYLOAD_AT + this.#payloadMax),
      start: PAYLOAD_AT,
      end: PAYLOAD_AT,
    };
  }

  /** Takes back what `take` gave. */
  give(frame: SmuxFrameBuffer): void {
    if (this.#spare.length >= SPARE) return;
    frame.start = PAYLOAD_AT;
    frame.end = PAYLOAD_AT;
    this.#spare.push(frame);
  }
}
