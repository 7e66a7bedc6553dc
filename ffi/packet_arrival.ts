import type { OpenReader, Reader } from "./reader.ts";

export interface PacketArrivalOptions {
  /** Non-blocking, a packet per read; taken over. */
  readonly fd: number;
  /** Octets of the largest packet, with what stands in front of it. */
  readonly size: number;
  /** As read(2), -1 included. */
  readonly read: (into: Uint8Array<ArrayBuffer>) => number;
  readonly errno: () => number;
  readonly eagain: number;
  readonly openReader: OpenReader;
}

/** Waits for the packets of a device. The news of the first one of a burst may bring it along: it is to be taken before others. */
export class PacketArrival {
  /** Octets of the packet that is here already, 0 for none. */
  length = 0;
  /** Nothing will ever be read or written again. */
  gone = false;
  readonly #options: PacketArrivalOptions;
  readonly #first: Uint8Array<ArrayBuffer>;
  readonly #reader: Reader;
  #waiting: PromiseWithResolvers<boolean> | undefined;

  constructor(options: PacketArrivalOptions) {
    const { fd, size, openReader } = options;
    this.#options = options;
    this.#first = new Uint8Array(size);
    this.#reader = openReader({
      fd,
      errors: false,
      buffer: this.#first,
      onArrival: (result) => this.#arrived(result),
    });
  }

  /** Resolves true once a packet may wait, false once the device is gone. */
  readable(): Promise<boolean> {
    if (this.gone) return Promise.resolve(false);
    if (this.length > 0) return Promise.resolve(true);
    if (this.#waiting === undefined) {
      this.#waiting = Promise.withResolvers();
      this.#reader.arm();
    }
    return this.#waiting.promise;
  }

  /** Moves as much of the packet that is here as there is room for, and answers how many octets that was. */
  take(into: Uint8Array): number {
    const length = Math.min(this.length, into.length);
    this.length = 0;
    into.set(this.#first.subarray(0, length));
    return length;
  }

  lose(): void {
    this.gone = true;
    this.#settle(false);
  }

  /** Resolves once the descriptor is closed. */
  async close(): Promise<void> {
    this.lose();
    await this.#reader.close();
  }

  #arrived(first: number): void {
    const { read, errno, eagain } = this.#options;
    let result = first;
    if (first === -eagain) {
      result = read(this.#first);
      if (result < 0 && errno() === eagain) return this.#reader.arm();
    }
    if (result < 0) return this.lose();
    this.length = result;
    this.#settle(true);
  }

  #settle(readable: boolean): void {
    this.#waiting?.resolve(readable);
    this.#waiting = undefined;
  }
}
