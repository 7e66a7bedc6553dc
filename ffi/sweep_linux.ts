import type { Millis } from "../src/base/clock.ts";
import { EVENT } from "./poller_linux.ts";
import type { Libc } from "./libc.ts";
import type { Sweep } from "./sweep.ts";

// sys/epoll.h
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 0x001;
const EPOLLERR = 0x008;
const EPOLLHUP = 0x010;
/** Once for each arrival, so that a descriptor that nobody reads costs nothing. */
const EPOLLET = 1 << 31;

/** Between two sweeps. One costs 1 µs where nothing has come. */
const INTERVAL: Millis = 0.2;

/** Reported by one sweep; the others follow with the next one. */
const MAX_EVENTS = 64;

/** See `Sweep`. An epoll of our own, asked without waiting. */
export class EpollSweep implements Sweep, Disposable {
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #event = new DataView(new ArrayBuffer(EVENT.size));
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #events = new DataView(new ArrayBuffer(EVENT.size * MAX_EVENTS));
  readonly #eventsBytes = new Uint8Array(this.#events.buffer);
  readonly #watched = new Map<number, () => void>();
  #sweptAt: Millis = 0;
  #sweeping = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#epoll = libc.epoll_create1(EPOLL_CLOEXEC);
  }

  watch(fd: number, onArrival: () => void): Disposable {
    this.#control(EPOLL_CTL_ADD, fd);
    this.#watched.set(fd, onArrival);
    return {
      [Symbol.dispose]: () => {
        // The number may have been given out again where Deno has closed the descriptor.
        if (this.#watched.get(fd) !== onArrival) return;
        this.#watched.delete(fd);
        this.#control(EPOLL_CTL_DEL, fd);
      },
    };
  }

  turn(): void {
    const now = performance.now();
    if (this.#sweeping || now - this.#sweptAt < INTERVAL) return;
    this.#sweptAt = now;
    this.#sweeping = true;
    const octets = this.#eventsBytes;
    const count = this.#libc.epollNow(this.#epoll, octets, MAX_EVENTS, 0);
    for (let i = 0; i < count; i++) {
      const at = i * EVENT.size;
      // An error is told once: it is Deno's to find.
      if (this.#events.getUint32(at, true) & (EPOLLERR | EPOLLHUP)) continue;
      this.#watched.get(this.#events.getInt32(at + EVENT.data, true))?.();
    }
    this.#sweeping = false;
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#epoll);
  }

  /** A descriptor that cannot be watched is merely noticed later. */
  #control(operation: number, fd: number): void {
    this.#event.setUint32(0, (EPOLLIN | EPOLLET) >>> 0, true);
    this.#event.setInt32(EVENT.data, fd, true);
    this.#libc.epoll_ctl(this.#epoll, operation, fd, this.#eventBytes);
  }
}
