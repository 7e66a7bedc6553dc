import type { Clock, Millis } from "../../base/clock.ts";
import { type ByteStream, READY } from "../../flow/stream.ts";
import type { Carrier } from "../contracts.ts";

/** GOST's server cuts everything that comes 10 s after our FIN. So that FIN waits until nothing has come for this long. */
const QUIET: Millis = 1000;

/** What follows a request on a carrier: the node's answer, then the target's octets. */
export class RelayStream implements ByteStream {
  /** The octets that came with the answer; undefined where the target has ended without one. Rejects with the node's refusal. */
  readonly answer: Promise<Uint8Array | undefined>;
  readonly #carrier: Carrier;
  readonly #clock: Clock;
  #answered = false;
  /** The answer's octets have been read. */
  #begun = false;
  #sent = false;
  /** The node has ended. */
  #ended = false;
  /** When something came last. */
  #heardAt: Millis = 0;
  #fin: Disposable | undefined;

  constructor(
    carrier: Carrier,
    clock: Clock,
    readAnswer: () => Promise<Uint8Array | undefined>,
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
      const rest = await this.answer;
      if (rest === undefined) return await this.#end();
      this.#begun = true;
      if (rest.length > 0) {
        take(rest);
        return true;
      }
    }
    const more = await this.#carrier.read(take);
    this.#heardAt = this.#clock.now();
    return more || await this.#end();
  }

  write(octets: Uint8Array): Promise<void> {
    this.#sent = true;
    return this.#carrier.write(octets);
  }

  closeWrite(): Promise<void> {
    if (this.#carrier.isTungo || this.#ended) return this.#carrier.closeWrite();
    this.#heardAt = this.#clock.now();
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

  #putOffFin(): void {
    const at = this.#heardAt + QUIET;
    this.#fin = this.#clock.callAt(at, () => {
      if (this.#heardAt + QUIET > this.#clock.now()) this.#putOffFin();
      else this.#flushFin().catch(() => {});
    });
  }

  /** Nothing more will come that our FIN could cut off. */
  async #end(): Promise<false> {
    this.#ended = true;
    await this.#flushFin();
    return false;
  }

  async #flushFin(): Promise<void> {
    if (this.#fin === undefined) return;
    this.#fin[Symbol.dispose]();
    this.#fin = undefined;
    await this.#carrier.closeWrite();
  }
}
