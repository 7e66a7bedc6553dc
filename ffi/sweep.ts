/**
 * Notices arrivals that Deno does not. As long as anything is ready, its event loop (tokio's, in one thread) looks at the
 * others only once in 61 turns: beside a bulk transfer a round trip took 190 ms. So whoever has just been told of an arrival
 * calls `turn`, which looks at all descriptors that are watched, some thousand times a second at most.
 */
export interface Sweep {
  /** `onArrival` is called when something has come that may be read, or may have been read already. Dispose before `fd` is closed. */
  watch(fd: number, onArrival: () => void): Disposable;
  /** Called at the end of an event's handling: nothing is lent any more. */
  turn(): void;
}
