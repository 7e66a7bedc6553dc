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
