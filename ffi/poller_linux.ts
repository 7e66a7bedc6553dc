import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { cannotWait, type Poller, type PollState, Waiters } from "./poller.ts";

// sys/epoll.h, sys/eventfd.h
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 0x001;
const EPOLLOUT = 0x004;
const EPOLLONESHOT = 1 << 30;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** struct epoll_event { uint32_t events; epoll_data_t data; }: packed on x86-64 alone. */
export const EVENT = Deno.build.arch === "x86_64"
  ? { size: 12, data: 4 }
  : { size: 16, data: 8 };

/** Descriptors reported by one wake-up; the others follow with the next one. */
const MAX_EVENTS = 64;

/** What is waited for. The kernel adds EPOLLERR and EPOLLHUP to each. */
const EVENTS = { readable: EPOLLIN, writable: EPOLLOUT, failed: 0 };

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** By epoll. One `epoll_wait` is parked on a pool thread: 32 of them would stop every other use of the pool. */
export class EpollPoller implements Poller, AsyncDisposable {
  readonly #libc: Libc;
  readonly #epoll: number;
  /** An eventfd: a parked call cannot be cancelled in another way; not even closing the descriptor wakes it. */
  readonly #wake: number;
  readonly #event = new DataView(new ArrayBuffer(EVENT.size));
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #events = new DataView(new ArrayBuffer(EVENT.size * MAX_EVENTS));
  readonly #eventsBytes = new Uint8Array(this.#events.buffer);
  readonly #drain = new Uint8Array(8);
  readonly #known = new Set<number>();
  /** By turn, which comes back in the event: tells it from one of a closed descriptor whose number was given out again. */
  readonly #waiting = new Waiters<number>();
  #turn = 0;
  #parked: Promise<void> | undefined;
  #closed = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#epoll = this.#check(
      "epoll_create1",
      () => libc.epoll_create1(EPOLL_CLOEXEC),
    );
    this.#wake = this.#check(
      "eventfd",
      () => libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    );
    this.#control(EPOLL_CTL_ADD, this.#wake, EPOLLIN);
  }

  wait(fd: number, state: PollState): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const operation = this.#known.has(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    const turn = this.#turn = (this.#turn + 1) >>> 0;
    this.#control(operation, fd, EVENTS[state] | EPOLLONESHOT, turn);
    this.#known.add(fd);
    const waiting = this.#waiting.add(fd, turn);
    this.#parked ??= this.#park();
    return waiting;
  }

  forget(fd: number): void {
    if (!this.#known.delete(fd) || this.#closed) return;
    this.#control(EPOLL_CTL_DEL, fd, 0);
    this.#waiting.settle(fd, false);
    if (this.#waiting.size === 0) this.#interrupt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.forgetAll();
    this.#interrupt();
    await this.#parked;
    this.#libc.close(this.#epoll);
    this.#libc.close(this.#wake);
  }

  async #park(): Promise<void> {
    while (this.#waiting.size > 0) {
      const count = await this.#libc.epoll_wait(
        this.#epoll,
        this.#eventsBytes,
        MAX_EVENTS,
        -1,
      );
      // -1 is EINTR: every other cause would be a mistake of this class.
      for (let i = 0; i < count; i++) {
        const at = i * EVENT.size + EVENT.data;
        const fd = this.#events.getInt32(at, true);
        const turn = this.#events.getUint32(at + 4, true);
        if (fd === this.#wake) this.#libc.read(fd, this.#drain, 8);
        else if (this.#waiting.whatOf(fd) === turn) {
          this.#waiting.settle(fd, true);
        }
      }
    }
    this.#parked = undefined;
  }

  #interrupt(): void {
    if (this.#parked !== undefined) this.#libc.write(this.#wake, ONE, 8);
  }

  #control(operation: number, fd: number, events: number, turn = 0): void {
    this.#event.setUint32(0, events, true);
    this.#event.setInt32(EVENT.data, fd, true);
    this.#event.setUint32(EVENT.data + 4, turn, true);
    this.#check(
      "epoll_ctl",
      () => this.#libc.epoll_ctl(this.#epoll, operation, fd, this.#eventBytes),
    );
  }

  #check(syscall: string, call: () => number): number {
    const result = call();
    if (result >= 0) return result;
    throw cannotWait(syscall, errnoName(this.#libc.errno()));
  }
}
