/** macOS's kqueue as far as `KqueuePoller` uses it, on Linux's epoll. */
import {
  EV_ADD,
  EV_DELETE,
  EVFILT_READ,
  EVFILT_USER,
  EVFILT_WRITE,
  KEVENT,
  NOTE_TRIGGER,
} from "../../ffi/constants_darwin.ts";
import type { Libc } from "../../ffi/libc.ts";
import type { LibSystem } from "../../ffi/libsystem.ts";

const EPOLLIN = 0x001;
const EPOLLOUT = 0x004;
const EPOLLONESHOT = 1 << 30;
const EPOLL_CTL = { add: 1, delete: 2, modify: 3 };
const EPOLL_EVENT = Deno.build.arch === "x86_64"
  ? { size: 12, data: 4 }
  : { size: 16, data: 8 };
const EFD_NONBLOCK = 0o4000;

type Kqueue = Pick<LibSystem, "kqueue" | "changeEvents" | "awaitEvents">;

/** One queue. Its user event is an eventfd; a filter that nobody knows throws. */
export function fakeKqueue(libc: Libc): Kqueue & Disposable {
  const epoll = libc.epoll_create1(0);
  const user = libc.eventfd(0, EFD_NONBLOCK);
  const filters = new Map<number, number>();

  const control = (
    operation: number,
    fd: number,
    events: number,
    udata = 0,
  ): number => {
    const event = new DataView(new ArrayBuffer(EPOLL_EVENT.size));
    event.setUint32(0, events, true);
    event.setInt32(EPOLL_EVENT.data, fd, true);
    event.setUint32(EPOLL_EVENT.data + 4, udata, true);
    return libc.epoll_ctl(epoll, operation, fd, new Uint8Array(event.buffer));
  };

  const change = (view: DataView): number => {
    const fd = Number(view.getBigUint64(KEVENT.ident, true));
    const filter = view.getInt16(KEVENT.filter, true);
    const flags = view.getUint16(KEVENT.flags, true);
    if (filter === EVFILT_USER) {
      if ((flags & EV_ADD) !== 0) return control(EPOLL_CTL.add, user, EPOLLIN);
      const triggers = view.getUint32(KEVENT.fflags, true) === NOTE_TRIGGER;
      const one = new Uint8Array(new BigUint64Array([1n]).buffer);
      return triggers ? libc.write(user, one, 8) : -1;
    }
    if ((flags & EV_DELETE) !== 0) {
      return filters.delete(fd) ? control(EPOLL_CTL.delete, fd, 0) : -1;
    }
    const events = { [EVFILT_READ]: EPOLLIN, [EVFILT_WRITE]: EPOLLOUT }[filter];
    if (events === undefined) throw new Error(`Unknown filter ${filter}`);
    const operation = filters.has(fd) ? EPOLL_CTL.modify : EPOLL_CTL.add;
    filters.set(fd, filter);
    const udata = Number(view.getBigUint64(KEVENT.udata, true));
    return control(operation, fd, events | EPOLLONESHOT, udata);
  };

  return {
    kqueue: () => epoll,
    changeEvents: (_, changes) => change(new DataView(changes.buffer)),
    async awaitEvents(_, into) {
      const room = into.length / KEVENT.size;
      const events = new DataView(new ArrayBuffer(EPOLL_EVENT.size * room));
      const count = await libc.epoll_wait(
        ...[epoll, new Uint8Array(events.buffer), room, -1] as const,
      );
      const view = new DataView(into.buffer);
      for (let i = 0; i < count; i++) {
        const at = i * KEVENT.size;
        const data = i * EPOLL_EVENT.size + EPOLL_EVENT.data;
        const fd = events.getInt32(data, true);
        const udata = events.getUint32(data + 4, true);
        const filter = filters.get(fd) ?? EVFILT_USER;
        if (fd === user) libc.read(user, new Uint8Array(8), 8);
        const ident = fd === user ? 0 : fd;
        view.setBigUint64(at + KEVENT.ident, BigInt(ident), true);
        view.setInt16(at + KEVENT.filter, filter, true);
        view.setBigUint64(at + KEVENT.udata, BigInt(udata), true);
      }
      return count;
    },
    [Symbol.dispose]() {
      libc.close(user);
    },
  };
}
