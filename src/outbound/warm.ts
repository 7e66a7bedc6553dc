import type { Clock, Millis } from "../base/clock.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import { peek } from "../flow/peek.ts";
import type { Carrier, Transport } from "./contracts.ts";

/** How long a carrier is kept ready. A GOST server hangs up on one that has asked for nothing within 15 s. */
const LIFETIME: Millis = 8_000;
/** Most that are ready or being made ready at once. */
const MOST = 16;
/** Over how many flows the rate of new ones is told: few, so that a pause is soon forgotten. */
const REMEMBERED = 8;

/** A carrier that waits for its flow. */
interface Ready {
  readonly carrier: Carrier;
  readonly timer: Disposable;
}

/** A flow that waits for a carrier that is being made ready. */
interface Waiting {
  readonly signal: AbortSignal;
  readonly resolve: (carrier: Carrier | undefined) => void;
}

/**
 * `transport` with carriers ready before they are asked for: as many as new flows come while one is opened, and none once no
 * flow has come for LIFETIME. A flow then costs no round trips but its own. A carrier that ends while it waits is forgotten.
 */
export function warm(transport: Transport, clock: Clock): Transport {
  const pool = new WarmPool(transport, clock);
  const warm: Transport = (base, signal) => pool.take(base, signal);
  return Object.assign(warm, { prepare: (base: Dialer) => pool.prepare(base) });
}

class WarmPool {
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #ready: Ready[] = [];
  /** When the last flows came. */
  readonly #takes: Millis[] = [];
  /** Flows that wait for the carriers that are being made ready: no more than those. */
  readonly #waiting: Waiting[] = [];
  #opening = 0;
  /** As the last opening took it. */
  #openingTime: Millis = 0;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  async take(base: Dialer, signal: AbortSignal): Promise<Carrier> {
    this.#noteTake();
    const ready = this.#ready.shift();
    if (ready !== undefined) {
      ready.timer[Symbol.dispose]();
      this.#refill(base);
      return ready.carrier;
    }
    const carrier = await this.#nextReady(signal) ??
      await this.#open(base, signal);
    // Only now: a node that cannot be reached must not be asked more often than flows want it.
    this.#refill(base);
    return carrier;
  }

  /** For a flow that will ask for it, unless one is ready or coming that no other waits for. */
  prepare(base: Dialer): void {
    const coming = this.#opening - this.#waiting.length;
    if (this.#ready.length + coming === 0) void this.#add(base);
  }

  /** The first carrier that is being made ready and that nobody else waits for; undefined where there is none, or it fails. */
  #nextReady(signal: AbortSignal): Promise<Carrier | undefined> {
    if (this.#waiting.length >= this.#opening) {
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => this.#waiting.push({ signal, resolve }));
  }

  #noteTake(): void {
    this.#takes.push(this.#clock.now());
    if (this.#takes.length > REMEMBERED) this.#takes.shift();
  }

  /** New flows in the time that an opening takes, and one more; none for a flow that comes alone. */
  #wanted(): number {
    const now = this.#clock.now();
    const recent = this.#takes.filter((at) => now - at < LIFETIME);
    if (recent.length < 2) return 0;
    const since = (recent.at(-1) ?? now) - (recent[0] ?? now);
    const rate = (recent.length - 1) / Math.max(since, this.#openingTime, 1);
    return Math.min(MOST, 1 + Math.round(rate * this.#openingTime));
  }

  #refill(base: Dialer): void {
    const coming = this.#opening - this.#waiting.length;
    const missing = this.#wanted() - this.#ready.length - coming;
    for (let i = 0; i < missing; i++) void this.#add(base);
  }

  async #add(base: Dialer): Promise<void> {
    this.#opening++;
    try {
      const carrier = await withDeadline(
        {
          clock: this.#clock,
          timeout: LIFETIME,
          signal: new AbortController().signal,
          what: "Getting a carrier ready",
        },
        (signal) => this.#open(base, signal),
      );
      this.#opening--;
      const waiting = this.#nextWaiting();
      if (waiting === undefined) this.#keep(carrier);
      else waiting.resolve(carrier);
    } catch {
      this.#opening--;
      // The next flow finds out, and says why.
      this.#nextWaiting()?.resolve(undefined);
    }
  }

  #nextWaiting(): Waiting | undefined {
    for (;;) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined || !waiting.signal.aborted) return waiting;
      waiting.resolve(undefined);
    }
  }

  async #open(base: Dialer, signal: AbortSignal): Promise<Carrier> {
    const start = this.#clock.now();
    const carrier = await this.#transport(base, signal);
    this.#openingTime = this.#clock.now() - start;
    return carrier;
  }

  #keep(carrier: Carrier): void {
    const { roundTrip, isTungo, greeted } = carrier;
    const { more, stream } = peek(carrier);
    const forget = (): void => {
      const at = this.#ready.indexOf(ready);
      if (at < 0) return;
      this.#ready.splice(at, 1);
      ready.timer[Symbol.dispose]();
      carrier.abort(new Error("The carrier was not needed"));
    };
    const ready: Ready = {
      carrier: {
        ...{ ...stream, roundTrip, isTungo },
        ...(greeted === undefined ? {} : { greeted }),
      },
      timer: this.#clock.callAt(this.#clock.now() + LIFETIME, forget),
    };
    this.#ready.push(ready);
    // Nobody has asked for anything: whatever comes, it is the end of this carrier.
    more().then(forget, forget);
  }
}
