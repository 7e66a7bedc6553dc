import { DeviceError } from "../src/base/errors.ts";

/**
 * Waits for descriptors that no handle of Deno's watches. However many wait, one call is parked on a pool thread, and only while
 * somebody waits, so that an idle poller keeps no process alive.
 */
export interface Poller {
  /**
   * Resolves true once `fd` is `state`, or has failed: the next call on it says which. Resolves false when it was forgotten
   * meanwhile. One waiter per descriptor.
   */
  wait(fd: number, state: PollState): Promise<boolean>;
  /** Must be called before `fd` is closed or handed over. */
  forget(fd: number): void;
}

/** `failed`: an error without anything to read, which only Linux has. */
export type PollState = "readable" | "writable" | "failed";

interface Waiter<What> {
  readonly what: What;
  readonly resolve: (ready: boolean) => void;
}

/** Who waits for which descriptor, and for what of it. */
export class Waiters<What> {
  readonly #waiting = new Map<number, Waiter<What>>();

  get size(): number {
    return this.#waiting.size;
  }

  add(fd: number, what: What): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.set(fd, { what, resolve });
    });
  }

  /** What is waited for; undefined where nobody waits. */
  whatOf(fd: number): What | undefined {
    return this.#waiting.get(fd)?.what;
  }

  settle(fd: number, ready: boolean): void {
    const waiter = this.#waiting.get(fd);
    this.#waiting.delete(fd);
    waiter?.resolve(ready);
  }

  /** Nobody gets what they wait for any more. */
  forgetAll(): void {
    for (const fd of this.descriptors()) this.settle(fd, false);
  }

  /** As they are now. */
  descriptors(): readonly number[] {
    return [...this.#waiting.keys()];
  }
}

/** A call that a poller of Unix depends on was refused. */
export function cannotWait(syscall: string, errno: string): DeviceError {
  return new DeviceError(
    syscall,
    errno,
    `Cannot wait for descriptors: ${syscall} says ${errno}`,
    errno === "EMFILE"
      ? "Raise the limit of open files (ulimit -n)"
      : undefined,
  );
}
