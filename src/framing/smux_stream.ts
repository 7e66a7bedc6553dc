import type { Clock, Millis } from "../base/clock.ts";
import { TruncatedError } from "../base/errors.ts";
import { type ByteStream, deferred, READY, rejected } from "../flow/stream.ts";
import {
  SMUX_FIRST_WINDOW,
  type SmuxSignal,
  type SmuxVersion,
} from "../proto/smux.ts";
import { OctetQueue } from "./octet_queue.ts";
import type { SmuxFrames } from "./smux_frames.ts";
import type { SmuxOutput } from "./smux_output.ts";
import { SmuxSend } from "./smux_send.ts";

/**
 * GOST takes our FIN for the end of both directions. So a client's waits until nothing has come for this long. No longer: most
 * applications that end have nothing to wait for, and what they have closed stays open meanwhile.
 */
const QUIET: Millis = 1000;

/** What a stream asks of its session. */
export interface SmuxLink {
  readonly clock: Clock;
  readonly frames: SmuxFrames;
  readonly output: SmuxOutput;
  readonly version: () => SmuxVersion;
  /** Whether either side says how much it takes: in version 2, and among ourselves. */
  readonly hasWindows: () => boolean;
  /** Octets that a stream may be sent beyond what its reader has consumed. */
  readonly window: () => number;
  /** How the peer takes a FIN: as the end of one direction, or of both. */
  readonly halfCloses: () => boolean;
  readonly signal: (signal: SmuxSignal, stream: number) => void;
  readonly update: (
    stream: number,
    consumed: number,
    window: number,
  ) => void;
  /** Octets that nobody had read have been read, or are forgotten. */
  readonly freed: (octets: number) => void;
  /** Nothing more will come for `stream`, nor be sent by it. */
  readonly forget: (stream: SmuxStream) => void;
}

interface PendingRead {
  readonly take: (octets: Uint8Array) => void;
  readonly resolve: (more: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

/** One stream of a session. */
export class SmuxStream implements ByteStream {
  readonly id: number;
  readonly #link: SmuxLink;
  readonly #opener: boolean;
  readonly #snd: SmuxSend;
  #read: PendingRead | undefined;
  /** The pending read has taken octets, and is about to be resolved. */
  #taking = false;
  /** What came while nobody read. */
  readonly #unread = new OctetQueue();
  /** Octets that have been read, and of how many of them the peer has been told. */
  #consumed = 0;
  #told = 0;
  /** As the peer was told last, and the octet that it may never have sent. */
  #window = SMUX_FIRST_WINDOW;
  #edge = SMUX_FIRST_WINDOW;
  #peerEnded = false;
  #heardAt: Millis = 0;
  /** Whether the owner has ended, and since when FIN waits. */
  #finished = false;
  #finTimer: Disposable | undefined;
  #failure: { readonly reason: unknown } | undefined;

  /** `opener`: it is ours. */
  constructor(id: number, link: SmuxLink, { opener }: { opener: boolean }) {
    this.id = id;
    this.#link = link;
    this.#opener = opener;
    const { version, hasWindows, frames, output } = link;
    this.#snd = new SmuxSend({
      stream: id,
      version,
      hasWindows,
      frames,
      output,
      opener,
      onFinSent: () => this.#forgetIfOver(),
    });
  }

  read(take: (octets: Uint8Array) => void): Promise<boolean> {
    const waiting = this.#unread.length();
    if (waiting > 0) {
      this.#unread.drain(take);
      this.#link.freed(waiting);
      this.#consume(waiting);
      this.#forgetIfOver();
      return Promise.resolve(true);
    }
    if (this.#peerEnded) return Promise.resolve(false);
    if (this.#failure) return rejected(this.#failure.reason);
    const { promise, resolve, reject } = deferred<boolean>();
    this.#read = { take, resolve, reject };
    return promise;
  }

  write(octets: Uint8Array): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    if (this.#isDeaf()) return rejected(closedByPeer());
    return this.#snd.push(octets);
  }

  closeWrite(): Promise<void> {
    if (this.#failure) return rejected(this.#failure.reason);
    if (this.#finished) return READY;
    this.#finished = true;
    if (this.#opener && !this.#peerEnded && !this.#link.halfCloses()) {
      this.#heardAt = this.#link.clock.now();
      this.#putOffFin();
    } else {
      this.#snd.finish();
    }
    return READY;
  }

  abort(reason: unknown): void {
    // Whoever still reads must not take what is left for all there was.
    this.#peerEnded &&= this.unread() === 0;
    this.#dropUnread();
    this.#reset(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#dropUnread();
    // After an end in order, what is left to be sent goes out without an owner.
    if (!this.#peerEnded || !this.#finished) {
      this.#reset(new TruncatedError("The stream was given up"));
    }
    return READY;
  }

  /** It has ended out of order, and the peer need not be told. What has come can still be read. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#finTimer?.[Symbol.dispose]();
    this.#snd.stop(this.#failure.reason);
    if (this.#taking) return;
    this.#read?.reject(this.#failure.reason);
    this.#read = undefined;
  }

  /** Octets that nobody has read. */
  unread(): number {
    return this.#unread.length();
  }

  /** The peer has sent more than it may. One of version 1 may not know yet that there is a bound. */
  isOverrun(): boolean {
    return this.#link.version() === 2 &&
      this.#consumed + this.#unread.length() > this.#edge;
  }

  /** Takes octets of the peer's, which are lent. Returns how many of them wait for a reader. */
  receive(octets: Uint8Array): number {
    if (this.#peerEnded || this.#failure !== undefined) return 0;
    this.#heardAt = this.#link.clock.now();
    if (this.#read === undefined) {
      this.#unread.push(octets);
      return octets.length;
    }
    // Frames of one piece of the carrier come one behind the other: the read goes on until all of them have been taken.
    if (!this.#taking) queueMicrotask(() => this.#settle());
    this.#taking = true;
    this.#read.take(octets);
    this.#consume(octets.length);
    return 0;
  }

  /** The peer's FIN has come. */
  receiveFin(): void {
    this.#peerEnded = true;
    if (this.#isDeaf()) this.#snd.clear(closedByPeer());
    this.flushFin();
    if (!this.#taking) {
      this.#read?.resolve(false);
      this.#read = undefined;
    }
    this.#forgetIfOver();
  }

  /** The peer has read octets, and has room for more. */
  receiveUpdate(consumed: number, window: number): void {
    if (this.#snd.update(consumed, window)) return;
    const message = "The peer has read more octets than were sent";
    this.#reset(new TruncatedError(message));
  }

  /** The FIN that was put off may go: it cuts nothing off. */
  flushFin(): void {
    if (this.#finTimer === undefined) return;
    this.#finTimer[Symbol.dispose]();
    this.#finTimer = undefined;
    this.#snd.finish();
  }

  #dropUnread(): void {
    this.#link.freed(this.#unread.length());
    this.#unread.clear();
    this.#forgetIfOver();
  }

  /** Ends it for both sides. */
  #reset(reason: unknown): void {
    if (this.#failure !== undefined) return;
    const { halfCloses, signal, forget } = this.#link;
    const finSent = this.#snd.isFinSent();
    if (this.#snd.isOpened()) {
      if (!halfCloses()) {
        if (!finSent) signal("fin", this.id);
      } else if (!finSent || !this.#peerEnded) {
        signal("rst", this.id);
      }
    }
    this.fail(reason);
    forget(this);
  }

  /** The peer reads nothing any more: its FIN was the end of both directions. */
  #isDeaf(): boolean {
    return this.#peerEnded && !this.#link.halfCloses();
  }

  #putOffFin(): void {
    const { clock } = this.#link;
    this.#finTimer = clock.callAt(this.#heardAt + QUIET, () => {
      if (this.#heardAt + QUIET > clock.now()) this.#putOffFin();
      else this.flushFin();
    });
  }

  #consume(octets: number): void {
    const { hasWindows, window, update } = this.#link;
    const isFirst = this.#consumed === 0;
    this.#consumed += octets;
    if (!hasWindows() || this.#peerEnded || this.#failure) return;
    if (!isFirst && this.#consumed - this.#told < this.#window / 2) return;
    this.#told = this.#consumed;
    this.#window = window();
    this.#edge = Math.max(this.#edge, this.#consumed + this.#window);
    update(this.id, this.#consumed, this.#window);
  }

  #settle(): void {
    this.#taking = false;
    this.#read?.resolve(true);
    this.#read = undefined;
  }

  /** Also what is unread is the session's business. */
  #forgetIfOver(): void {
    const isOver = this.#peerEnded && this.#snd.isFinSent();
    if (isOver && this.unread() === 0) this.#link.forget(this);
  }
}

function closedByPeer(): TruncatedError {
  return new TruncatedError("The peer has closed the stream");
}
