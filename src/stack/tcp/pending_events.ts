import type { TcpEvents } from "./events.ts";

/** What has happened since a socket's owner was told: a burst of segments is one event of each kind. */
export class PendingEvents {
  #established = false;
  #readable = false;
  #writable = false;

  noteEstablished(): void {
    this.#established = true;
  }

  noteReadable(): void {
    this.#readable = true;
  }

  noteWritable(): void {
    this.#writable = true;
  }

  /** Each of `events` may bring about others, which the next call tells. */
  deliver(events: TcpEvents | undefined): void {
    if (this.#established) {
      this.#established = false;
      events?.onEstablished();
    }
    if (this.#readable) {
      this.#readable = false;
      events?.onReadable();
    }
    if (this.#writable) {
      this.#writable = false;
      events?.onWritable();
    }
  }
}
