import type { Clock, Millis } from "../../base/clock.ts";
import { TruncatedError } from "../../base/errors.ts";
import { type ByteStream, READY } from "../../flow/stream.ts";
import type { Carrier } from "../contracts.ts";

/** GOST's server cuts everything that comes 10 s after our FIN. So that FIN waits until nothing has come for this long. */
const QUIET: Millis = 1000;

/** What follows a request on a carrier: the node's answer, then the target's octets. */
export class RelayStream implements ByteStream {
  /** The octets that came with the answer. Rejects with the node's refusal. */
  readonly answer: Promise<Uint8Array>;
  readonly #carrier: Carrier;
  readonly #clock: Clock;
  #answered = false;
  /** The answer's octets have been read. */
  #begun = false;
  #sent = false;
  #finished = false;
  /** Something has come since our FIN was last put off. */
  #heard = false;
  #fin: Disposable | undefined;

  constructor(
    carrier: Carrier,
    clock: Clock,
    readAnswer: () => Promise<Uint8Array>,
  ) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.answer = readAnswer();
    this.answer.then(() => this.#answered = true, () => this.#answered = true);
  }

  isAnswered(): boolean {
    return this.#answered;
  }

  /** Octets of the application's have followed the request. */
  hasSent(): boolean {
    return this.#sent;
  }

  async read(take: (octets: Uint8Array) => void): Promise<boolean> {
    if (!this.#begun) {
      const rest = await this.#readAnswer();
      if (rest === undefined) return false;
      this.#begun = true;
      if (rest.length > 0) {
        take(rest);
        return true;
      }
    }
    this.#heard = true;
    const more = await this.#carrier.read(take);
    if (!more) await this.#flushFin();
    return more;
  }

  write(octets: Uint8Array): Promise<void> {
    this.#sent = true;
    return this.#carrier.write(octets);
  }

  closeWrite(): Promise<void> {
    this.#finished = true;
    if (this.#carrier.isTungo) return this.#carrier.closeWrite();
    this.#putOffFin();
    return READY;
  }

  abort(reason: unknown): void {
    this.#fin?.[Symbol.dispose]();
    this.#carrier.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fin?.[Symbol.dispose]();
    await this.#carrier[Symbol.asyncDispose]();
  }

  /** Undefined where a target that had nothing to say has ended: without `nodelay` the node says nothing then either. */
  async #readAnswer(): Promise<Uint8Array | undefined> {
    try {
      return await this.answer;
    } catch (error) {
      if (error instanceof TruncatedError && this.#finished) return undefined;
      throw error;
    }
  }

  #putOffFin(): void {
    this.#heard = false;
    const at = this.#clock.now() + QUIET;
    this.#fin = this.#clock.callAt(at, () => {
      if (this.#heard) this.#putOffFin();
      else this.#flushFin().catch(() => {});
    });
  }

  async #flushFin(): Promise<void> {
    if (this.#fin === undefined) return;
    this.#fin[Symbol.dispose]();
    this.#fin = undefined;
    await this.#carrier.closeWrite();
  }
}
