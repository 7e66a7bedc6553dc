import { deferred, READY } from "../flow/stream.ts";
import {
  putSmuxHeader,
  SMUX_FIRST_WINDOW,
  SMUX_HEADER,
  type SmuxCommand,
  type SmuxVersion,
} from "../proto/smux.ts";
import type { SmuxFrameBuffer, SmuxFrames } from "./smux_frames.ts";
import type { FrameSender, SmuxOutput } from "./smux_output.ts";
import { newTurn } from "./turns.ts";

/** Octets that wait for their turn before a stream's writer waits. The carrier holds more. */
const UNSENT_BOUND = 64 * 1024;

export interface SmuxSendOptions {
  readonly stream: number;
  readonly version: () => SmuxVersion;
  /** Whether the peer says how much it takes. */
  readonly hasWindows: () => boolean;
  readonly frames: SmuxFrames;
  readonly output: SmuxOutput;
  /** The peer does not know of the stream: it learns of it with the first octets. */
  readonly opener: boolean;
  readonly onFinSent: () => void;
}

/** What a stream sends. */
export class SmuxSend implements FrameSender {
  readonly turn = newTurn();
  readonly #options: SmuxSendOptions;
  /** The peer knows of the stream. */
  #opened: boolean;
  /** What waits for its turn. */
  readonly #frames: SmuxFrameBuffer[] = [];
  #unsent = 0;
  /** Octets, modulo 2³². */
  #sent = 0;
  #peerConsumed = 0;
  #peerWindow = SMUX_FIRST_WINDOW;
  #room: PromiseWithResolvers<void> | undefined;
  #fin: "none" | "due" | "sent" = "none";

  constructor(options: SmuxSendOptions) {
    this.#options = options;
    this.#opened = !options.opener;
  }

  isOpened(): boolean {
    return this.#opened;
  }

  isFinSent(): boolean {
    return this.#fin === "sent";
  }

  /** Copies `octets`; resolves once no more than the bound waits. */
  push(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length;) {
      const tail = this.#tail();
      const part = octets.subarray(at, at + tail.octets.length - tail.end);
      tail.octets.set(part, tail.end);
      tail.end += part.length;
      this.#unsent += part.length;
      at += part.length;
    }
    this.#options.output.ready(this);
    if (this.#unsent <= UNSENT_BOUND) return READY;
    this.#room ??= deferred();
    return this.#room.promise;
  }

  /** FIN, behind what waits. */
  finish(): void {
    this.#fin = "due";
    this.#options.output.ready(this);
  }

  /** The peer has read so many octets, and takes `window` more. False where there were not so many. */
  update(consumed: number, window: number): boolean {
    if (((this.#sent - consumed) | 0) < 0) return false;
    this.#peerConsumed = consumed;
    this.#peerWindow = window;
    this.#options.output.ready(this);
    return true;
  }

  /** What waits is not to be sent, but a FIN that is due. */
  clear(reason: unknown): void {
    const { frames } = this.#options;
    for (const frame of this.#frames.splice(0)) frames.give(frame);
    this.#unsent = 0;
    this.#room?.reject(reason);
    this.#room = undefined;
  }

  /** Nothing is to be sent any more. */
  stop(reason: unknown): void {
    this.#fin = "sent";
    this.clear(reason);
  }

  /** Octets of the next frame's payload; 1 for a FIN. */
  next(): number {
    const [first] = this.#frames;
    if (first === undefined) return this.#fin === "due" ? 1 : 0;
    const waiting = first.end - first.start;
    if (!this.#options.hasWindows()) return waiting;
    const outstanding = (this.#sent - this.#peerConsumed) | 0;
    return Math.max(0, Math.min(waiting, this.#peerWindow - outstanding));
  }

  send(): void {
    const length = this.next();
    const [first] = this.#frames;
    if (first === undefined) {
      this.#fin = "sent";
      this.#sendFrame(this.#options.frames.take(), "fin", 0);
      this.#options.onFinSent();
      return;
    }
    this.#sent = (this.#sent + length) | 0;
    this.#unsent -= length;
    if (first.start + length === first.end) this.#frames.shift();
    this.#sendFrame(first, "psh", length);
    if (this.#unsent > UNSENT_BOUND) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** Gives `frame` back once it is empty. */
  #sendFrame(
    frame: SmuxFrameBuffer,
    command: SmuxCommand,
    length: number,
  ): void {
    const { octets, start } = frame;
    const { version, stream, frames, output } = this.#options;
    const header = { version: version(), stream };
    let from = start - SMUX_HEADER;
    putSmuxHeader(octets, from, { ...header, command, length });
    if (!this.#opened) {
      // GOST gives up the whole carrier where a request does not follow within 15 s: so the two go together.
      this.#opened = true;
      from -= SMUX_HEADER;
      putSmuxHeader(octets, from, { ...header, command: "syn", length: 0 });
    }
    frame.start += length;
    output.write(octets.subarray(from, frame.start));
    if (frame.start === frame.end) frames.give(frame);
  }

  /** The frame that the next octets go into. */
  #tail(): SmuxFrameBuffer {
    const last = this.#frames.at(-1);
    if (last !== undefined && last.end < last.octets.length) return last;
    const tail = this.#options.frames.take();
    this.#frames.push(tail);
    return tail;
  }
}
