import type { OpenReader, Reader } from "./reader.ts";
import type { SocketCalls } from "./socket_calls.ts";

/** A change comes as a burst of messages: a cable pulled out is a dozen of them. From the first one on, in ms. */
const GATHERING = 100;

export interface NetworkWatchOptions {
  /** Links, addresses or routes have changed; which, is not said. */
  readonly onChange: () => void;
  /** Opens a socket that gets the kernel's news; throws a DeviceError. */
  readonly subscribe: () => number;
  readonly sockets: Pick<SocketCalls, "receive">;
  readonly openReader: OpenReader;
}

/** The kernel tells us; nothing runs while nothing changes. What a message says is not read: in a storm some are lost anyway. */
export class NetworkWatch implements Disposable {
  readonly #onChange: () => void;
  readonly #sockets: NetworkWatchOptions["sockets"];
  readonly #fd: number;
  readonly #buffer = new Uint8Array(16_384);
  readonly #reader: Reader;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    { onChange, subscribe, sockets, openReader }: NetworkWatchOptions,
  ) {
    this.#fd = subscribe();
    this.#onChange = onChange;
    this.#sockets = sockets;
    this.#reader = openReader({
      fd: this.#fd,
      errors: false,
      buffer: this.#buffer,
      onArrival: () => this.#arrived(),
    });
    this.#reader.arm();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    void this.#reader.close();
  }

  #arrived(): void {
    while (this.#sockets.receive(this.#fd, this.#buffer) > 0);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onChange();
    }, GATHERING);
    if (!this.#closed) this.#reader.arm();
  }
}
