import { IOVEC, MSGHDR_X } from "./constants_darwin.ts";
import { DARWIN_ERRNO } from "./errno_darwin.ts";
import type { LibSystem } from "./libsystem.ts";

/** Packets per call. The system takes up to 256 (kern.ipc.somaxrecvmsgx). */
const BATCH = 32;

/** The kernel may be out of buffers for a moment, and does not tell when it has some again: so often a packet is tried, then dropped. */
const ATTEMPTS = 4;

/** Packets with utun's header in front, several per call. */
export interface PacketBatches {
  /** The next packet that waits; undefined where none does, and where the device is gone. Valid until the next call. */
  receive(): Uint8Array<ArrayBuffer> | undefined;
  /** Where to put the next packet that is to be sent; as long as the device's largest. */
  slot(): Uint8Array<ArrayBuffer>;
  /** Sends the packet of so many octets that lies in the slot, now or with the next `flush`. False where it is lost. */
  push(octets: number): boolean;
  flush(): void;
}

export interface PacketBatchesOptions {
  /** Of the device, non-blocking. */
  readonly fd: number;
  readonly mtu: number;
  readonly lib: LibSystem;
}

/** Undefined where the system has no such calls. They are not in the documentation, but in the library since macOS 10.10. */
export function packetBatches(
  { fd, mtu, lib }: PacketBatchesOptions,
): PacketBatches | undefined {
  const { recvmsg_x: receive, sendmsg_x: send } = lib;
  if (receive === null || send === null) return undefined;
  const size = UTUN_HEADER + mtu;
  return new Batches({
    size,
    receive: (messages) => receive(fd, messages, BATCH, 0),
    send: (messages, count) => send(fd, messages, count, 0),
    errno: lib.errno,
  });
}

/** The address family of the packet behind it, in network order. */
export const UTUN_HEADER = 4;

interface BatchesOptions {
  readonly size: number;
  readonly receive: (messages: Uint8Array<ArrayBuffer>) => number;
  readonly send: (messages: Uint8Array<ArrayBuffer>, count: number) => number;
  readonly errno: () => number;
}

class Batches implements PacketBatches {
  readonly #options: BatchesOptions;
  readonly #incoming: MessageArray;
  readonly #outgoing: MessageArray;
  #received = 0;
  #next = 0;
  #pushed = 0;

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.#incoming = new MessageArray(options.size);
    this.#outgoing = new MessageArray(options.size);
  }

  receive(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#next === this.#received) {
      this.#incoming.reset();
      this.#next = 0;
      this.#received = Math.max(
        0,
        this.#options.receive(this.#incoming.bytes),
      );
      if (this.#received === 0) return undefined;
    }
    return this.#incoming.filled(this.#next++);
  }

  slot(): Uint8Array<ArrayBuffer> {
    return this.#outgoing.slot(this.#pushed);
  }

  push(octets: number): boolean {
    this.#outgoing.setLength(this.#pushed++, octets);
    return this.#pushed < BATCH || this.flush();
  }

  /** False where something was lost. */
  flush(): boolean {
    const { send, errno } = this.#options;
    let sent = 0;
    let attempts = ATTEMPTS;
    let whole = true;
    while (sent < this.#pushed) {
      const count = send(this.#outgoing.from(sent), this.#pushed - sent);
      if (count > 0) {
        sent += count;
        attempts = ATTEMPTS;
      } else if (!isFull(errno()) || --attempts === 0) {
        sent++;
        whole = false;
        attempts = ATTEMPTS;
      }
    }
    this.#pushed = 0;
    return whole;
  }
}

function isFull(errno: number): boolean {
  return errno === DARWIN_ERRNO.ENOBUFS || errno === DARWIN_ERRNO.ENOSPC ||
    errno === DARWIN_ERRNO.EAGAIN;
}

/** BATCH `struct msghdr_x`, each with one `struct iovec` for a buffer of its own. All of it stays where it is. */
class MessageArray {
  readonly bytes = new Uint8Array(BATCH * MSGHDR_X.size);
  readonly #view = new DataView(this.bytes.buffer);
  readonly #vectors = new DataView(new ArrayBuffer(BATCH * IOVEC.size));
  readonly #slots: Uint8Array<ArrayBuffer>[];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    const vectors = addressOf(this.#vectors);
    this.#slots = Array.from({ length: BATCH }, (_, i) => {
      const slot = new Uint8Array(size);
      const vector = i * IOVEC.size;
      this.#vectors.setBigUint64(vector + IOVEC.base, addressOf(slot), true);
      const message = i * MSGHDR_X.size;
      const iov = vectors + BigInt(vector);
      this.#view.setBigUint64(message + MSGHDR_X.iov, iov, true);
      this.#view.setInt32(message + MSGHDR_X.iovlen, 1, true);
      return slot;
    });
    this.reset();
  }

  /** Every message takes as much as there is room for. */
  reset(): void {
    for (let i = 0; i < BATCH; i++) this.setLength(i, this.#size);
  }

  setLength(i: number, octets: number): void {
    // Nobody sends 4 GiB: the upper half stays 0.
    this.#vectors.setUint32(i * IOVEC.size + IOVEC.length, octets, true);
  }

  slot(i: number): Uint8Array<ArrayBuffer> {
    return this.#slots[i] ?? NONE;
  }

  /** What was received into message `i`. */
  filled(i: number): Uint8Array<ArrayBuffer> {
    const at = i * MSGHDR_X.size + MSGHDR_X.datalen;
    return this.slot(i).subarray(0, this.#view.getUint32(at, true));
  }

  /** The messages from `i` on. */
  from(i: number): Uint8Array<ArrayBuffer> {
    return i === 0 ? this.bytes : this.bytes.subarray(i * MSGHDR_X.size);
  }
}

const NONE = new Uint8Array(0);

function addressOf(octets: ArrayBufferView<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(octets));
}
