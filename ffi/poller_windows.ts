import { DeviceError } from "../src/base/errors.ts";
import {
  FD_CLOSE,
  FD_CONNECT,
  FD_READ,
  INFINITE,
  WSANETWORKEVENTS,
} from "./constants_windows.ts";
import { windowsErrnoName } from "./errno_windows.ts";
import { type Poller, type PollState, Waiters } from "./poller.ts";
import type { Handle, Windows } from "./windows.ts";

/** minwindef.h: MAXIMUM_WAIT_OBJECTS. Two are ours; a device has one. */
const MAX_HANDLES = 64;

/** What a socket that is waited for reports. */
const EVENTS = {
  readable: FD_READ | FD_CLOSE,
  failed: FD_READ | FD_CLOSE,
  writable: FD_CONNECT | FD_CLOSE,
};

interface HandleWaiter {
  readonly handle: Handle;
  readonly resolve: (ready: boolean) => void;
}

/**
 * Waits for handles, and for all sockets by one event that they share: one `WaitForMultipleObjects` is parked on a pool thread,
 * and only while somebody waits. Sockets are to be announced when they are made: what they report is kept until it is asked for.
 */
export class WindowsPoller implements Poller, AsyncDisposable {
  readonly #lib: Windows;
  readonly #wake: Handle;
  /** Of the sockets. */
  readonly #network: Handle;
  readonly #report = new DataView(new ArrayBuffer(WSANETWORKEVENTS));
  readonly #reportBytes = new Uint8Array(this.#report.buffer);
  /** By the events that count. */
  readonly #waiting = new Waiters<number>();
  readonly #handles = new Set<HandleWaiter>();
  #parked: Promise<void> | undefined;
  #closed = false;

  constructor(lib: Windows) {
    this.#lib = lib;
    this.#wake = this.#createEvent();
    this.#network = this.#createEvent();
  }

  /** Makes the socket non-blocking. To be called before its connect begins. */
  announce(fd: number): void {
    const all = FD_READ | FD_CONNECT | FD_CLOSE;
    this.#lib.WSAEventSelect(fd, this.#network, all);
  }

  wait(fd: number, state: PollState): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const events = EVENTS[state];
    if (this.#hasReported(fd, events)) return Promise.resolve(true);
    const waiting = this.#waiting.add(fd, events);
    this.#parked ??= this.#park();
    return waiting;
  }

  /** Resolves true once the handle is signalled, false when the poller is closed or the wait is forgotten. */
  waitForHandle(handle: Handle): Promise<boolean> {
    if (this.#closed || this.#handles.size === MAX_HANDLES - 2) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      this.#handles.add({ handle, resolve });
      this.#interrupt();
      this.#parked ??= this.#park();
    });
  }

  forgetHandle(handle: Handle): void {
    for (const waiter of this.#handles) {
      if (waiter.handle !== handle) continue;
      this.#handles.delete(waiter);
      waiter.resolve(false);
      this.#interrupt();
    }
  }

  forget(fd: number): void {
    // Whoever gets the socket must not be told by our event.
    this.#lib.WSAEventSelect(fd, null, 0);
    if (this.#waiting.whatOf(fd) === undefined) return;
    this.#waiting.settle(fd, false);
    if (this.#isIdle()) this.#interrupt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.forgetAll();
    for (const { handle } of [...this.#handles]) this.forgetHandle(handle);
    this.#interrupt();
    await this.#parked;
    this.#lib.CloseHandle(this.#wake);
    this.#lib.CloseHandle(this.#network);
  }

  async #park(): Promise<void> {
    while (!this.#isIdle()) {
      const waiters = [...this.#handles];
      const handles = [this.#wake, this.#network];
      handles.push(...waiters.map(({ handle }) => handle));
      const addresses = BigUint64Array.from(
        handles,
        (handle) => Deno.UnsafePointer.value(handle),
      );
      const signalled = await this.#lib.WaitForMultipleObjects(
        ...[handles.length, new Uint8Array(addresses.buffer)] as const,
        ...[0, INFINITE] as const,
      );
      if (signalled === 1) this.#askSockets();
      const waiter = waiters[signalled - 2];
      if (waiter !== undefined && this.#handles.delete(waiter)) {
        waiter.resolve(true);
      }
    }
    this.#parked = undefined;
  }

  /** The event says only that one of them has something to say. */
  #askSockets(): void {
    for (const fd of this.#waiting.descriptors()) {
      const events = this.#waiting.whatOf(fd);
      if (events === undefined) continue;
      if (this.#hasReported(fd, events)) this.#waiting.settle(fd, true);
    }
  }

  /** A failure to ask counts: the next call on the socket says what is wrong. */
  #hasReported(fd: number, events: number): boolean {
    const result = this.#lib.WSAEnumNetworkEvents(fd, null, this.#reportBytes);
    return result !== 0 || (this.#report.getInt32(0, true) & events) !== 0;
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#handles.size === 0;
  }

  #interrupt(): void {
    if (this.#parked !== undefined) this.#lib.SetEvent(this.#wake);
  }

  #createEvent(): Handle {
    // One wake-up each: it is reset by the wait that it ends.
    const event = this.#lib.CreateEventW(null, 0, 0, null);
    if (event !== null) return event;
    const errno = windowsErrnoName(this.#lib.GetLastError());
    const message = `Cannot wait for sockets: CreateEvent says ${errno}`;
    throw new DeviceError("CreateEvent", errno, message);
  }
}
