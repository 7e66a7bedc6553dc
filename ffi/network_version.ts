import type { Millis } from "../src/base/clock.ts";
import type { SocketCalls } from "./socket_calls.ts";

/** The kernel tells of a link's end before it has taken the link's IPv4 routes away, and of those it does not tell at all. */
const SETTLING: Millis = 1000;

/** A message is forgotten by a read of any size. */
const MESSAGE = new Uint8Array(1);

/** Messages that are read for one question. What is left is news for the next. */
const READ_MAX = 1024;

export interface NetworkVersionOptions {
  /** Opens a socket that gets the kernel's news; throws a DeviceError. */
  readonly subscribe: () => number;
  readonly sockets: Pick<SocketCalls, "receive" | "close" | "eagain">;
}

/**
 * Whether links, addresses or routes have changed, known at the very moment of the question: the kernel queues its news
 * before the call that made the change returns. An empty queue costs 0.4 µs, reading the routes anew 60 µs.
 */
export class NetworkVersion implements Disposable {
  readonly #options: NetworkVersionOptions;
  #fd: number | undefined;
  #version = 0;
  #changedAt: Millis = -Infinity;

  constructor(options: NetworkVersionOptions) {
    this.#options = options;
  }

  /** As long as it is the same, nothing has changed. Throws a DeviceError where the kernel tells nothing. */
  current(): number {
    // Opened by the first question, in the network namespace of whoever asks.
    this.#fd ??= this.#options.subscribe();
    if (this.#hasNews(this.#fd)) this.#changedAt = performance.now();
    if (performance.now() - this.#changedAt < SETTLING) this.#version++;
    return this.#version;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) this.#options.sockets.close(this.#fd);
    this.#fd = undefined;
  }

  /** Also after an overflow of the queue, which is an error of its own. */
  #hasNews(fd: number): boolean {
    const { sockets } = this.#options;
    let read = 0;
    while (
      read < READ_MAX && sockets.receive(fd, MESSAGE) !== -sockets.eagain
    ) {
      read++;
    }
    return read > 0;
  }
}
