import {
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_ONESHOT,
  EVFILT_READ,
  EVFILT_USER,
  EVFILT_WRITE,
  KEVENT,
  NOTE_TRIGGER,
} from "./constants_darwin.ts";
import { darwinErrnoName } from "./errno_darwin.ts";
import type { LibSystem } from "./libsystem.ts";
import { cannotWait, type Poller, type PollState, Waiters } from "./poller.ts";

/** Descriptors reported by one wake-up; the others follow with the next one. */
const MAX_EVENTS = 64;

/** No descriptor has this number; the filter is another one anyway. */
const WAKE = 0;

/** An error of a socket makes it readable and writable. */
const FILTERS = {
  readable: EVFILT_READ,
  failed: EVFILT_READ,
  writable: EVFILT_WRITE,
};

interface Wait {
  readonly filter: number;
  /** Comes back in the event: tells it from one of a closed descriptor whose number was given out again. */
  readonly turn: number;
}

/** By kqueue. One `kevent` is parked on a pool thread: 32 of them would stop every other use of the pool. */
export class KqueuePoller implements Poller, AsyncDisposable {
  readonly #lib: LibSystem;
  readonly #kqueue: number;
  readonly #change = new DataView(new ArrayBuffer(KEVENT.size));
  readonly #changeBytes = new Uint8Array(this.#change.buffer);
  readonly #events = new DataView(new ArrayBuffer(KEVENT.size * MAX_EVENTS));
  readonly #eventsBytes = new Uint8Array(this.#events.buffer);
  readonly #waiting = new Waiters<Wait>();
  #turn = 0;
  #parked: Promise<void> | undefined;
  #closed = false;

  constructor(lib: LibSystem) {
    this.#lib = lib;
    this.#kqueue = lib.kqueue();
    if (this.#kqueue < 0) {
      throw cannotWait("kqueue", darwinErrnoName(lib.errno()));
    }
    // EV_CLEAR: the event is over once it has been reported.
    this.#control(WAKE, { filter: EVFILT_USER, flags: EV_ADD | EV_CLEAR });
  }

  wait(fd: number, state: PollState): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const filter = FILTERS[state];
    const turn = this.#turn = (this.#turn + 1) >>> 0;
    this.#control(fd, { filter, flags: EV_ADD | EV_ONESHOT, turn });
    const waiting = this.#waiting.add(fd, { filter, turn });
    this.#parked ??= this.#park();
    return waiting;
  }

  forget(fd: number): void {
    const wait = this.#waiting.whatOf(fd);
    if (wait === undefined || this.#closed) return;
    this.#control(fd, { filter: wait.filter, flags: EV_DELETE });
    this.#waiting.settle(fd, false);
    if (this.#waiting.size === 0) this.#interrupt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.forgetAll();
    this.#interrupt();
    await this.#parked;
    this.#lib.close(this.#kqueue);
  }

  async #park(): Promise<void> {
    while (this.#waiting.size > 0) {
      const count = await this.#lib.awaitEvents(
        this.#kqueue,
        this.#eventsBytes,
      );
      // -1 is EINTR: every other cause would be a mistake of this class.
      for (let i = 0; i < count; i++) {
        const at = i * KEVENT.size;
        const fd = Number(this.#events.getBigUint64(at + KEVENT.ident, true));
        const turn = Number(
          this.#events.getBigUint64(at + KEVENT.udata, true),
        );
        if (this.#waiting.whatOf(fd)?.turn === turn) {
          this.#waiting.settle(fd, true);
        }
      }
    }
    this.#parked = undefined;
  }

  #interrupt(): void {
    if (this.#parked === undefined) return;
    this.#control(WAKE, { filter: EVFILT_USER, fflags: NOTE_TRIGGER });
  }

  /** Throws a DeviceError, but for what was to be taken away and is gone already. */
  #control(
    fd: number,
    { filter, flags = 0, fflags = 0, turn = 0 }: {
      readonly filter: number;
      readonly flags?: number;
      readonly fflags?: number;
      readonly turn?: number;
    },
  ): void {
    this.#change.setBigUint64(KEVENT.ident, BigInt(fd), true);
    this.#change.setInt16(KEVENT.filter, filter, true);
    this.#change.setUint16(KEVENT.flags, flags, true);
    this.#change.setUint32(KEVENT.fflags, fflags, true);
    this.#change.setBigUint64(KEVENT.data, 0n, true);
    this.#change.setBigUint64(KEVENT.udata, BigInt(turn), true);
    const result = this.#lib.changeEvents(this.#kqueue, this.#changeBytes);
    if (result >= 0 || flags === EV_DELETE) return;
    throw cannotWait("kevent", darwinErrnoName(this.#lib.errno()));
  }
}
