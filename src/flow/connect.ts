import { BoundedMap } from "../base/bounded_map.ts";
import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import { aborted } from "./deadline.ts";
import type { Dialer, Upstream } from "./dialer.ts";
import { formatEndpoint, type TcpFlow, type UdpFlow } from "./flow.ts";
import type { Outcome } from "./handler.ts";
import { retry } from "./retry.ts";
import { splice } from "./splice.ts";

/**
 * When an application's SYN is answered.
 * - `truthful`: when the upstream has agreed, and never before
 * - `auto`: like that, but for a way out that agrees only with the target's first octets, where waiting would be for ever:
 *   after about a round trip without a refusal, and at once for a destination that has answered lately
 * - `eager`: before the upstream is asked
 */
export type HandshakeMode = "auto" | "truthful" | "eager";

/** How long a destination that has answered is trusted to answer again. */
const TRUST: Millis = 5 * 60_000;
/** The destination that has not answered for the longest time is forgotten first. */
const MAX_TRUSTED = 4096;

export interface HandshakeOptions {
  readonly mode: HandshakeMode;
  readonly clock: Clock;
  /** How long an answer is waited for at most. */
  readonly timeout: Millis;
}

/** Decides when a flow may be accepted. One for each service. */
export class Handshake {
  readonly #options: HandshakeOptions;
  /** Until when a destination is trusted. */
  readonly #trusted = new BoundedMap<string, Millis>(MAX_TRUSTED);

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  isEager(): boolean {
    return this.#options.mode === "eager";
  }

  /**
   * Resolves when the application may be answered; rejects with the upstream's refusal, or "timeout". Where the dial can be
   * tried again an answer is waited for, whatever the destination has answered lately: it may be this node that fails.
   */
  async mayAccept(
    flow: TcpFlow,
    upstream: Upstream,
    retriesLeft: number,
  ): Promise<void> {
    const answered = upstream.answered.then(() => this.#trust(flow));
    answered.catch(() => {});
    const early = flow.accepted ? !flow.confirm : this.isEager();
    if (retriesLeft === 0 && (early || this.#isTrusted(flow))) return;
    const { mode, timeout } = this.#options;
    const patience = mode === "truthful" && !flow.accepted
      ? Infinity
      : upstream.patience;
    const wait = Math.min(patience, timeout);
    const what = `No answer for ${formatEndpoint(flow.dst)}`;
    const hint = upstream.patience === Infinity
      ? ""
      : ": the node may answer only with the target's first octets (handshake=auto, or nodelay=true there, would do)";
    try {
      if (await this.#within(wait, answered) || wait < timeout) return;
    } catch (cause) {
      // Few applications are as patient as we are.
      if (hint === "" || mode !== "truthful" || !flow.signal.aborted) {
        throw cause;
      }
      throw new DialError("timeout", `${what}${hint}`, { cause });
    }
    throw new DialError("timeout", `${what}${hint}`);
  }

  #isTrusted(flow: TcpFlow): boolean {
    if (this.#options.mode !== "auto") return false;
    const until = this.#trusted.get(destinationOf(flow)) ?? -Infinity;
    return this.#options.clock.now() < until;
  }

  #trust(flow: TcpFlow): void {
    const until = this.#options.clock.now() + TRUST;
    this.#trusted.set(destinationOf(flow), until);
  }

  /** Whether `done` resolves within `wait` ms; rejects where it rejects. */
  #within(wait: Millis, done: Promise<void>): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.callAt(clock.now() + wait, () => resolve(false));
      done.then(() => resolve(true), reject)
        .finally(() => timer[Symbol.dispose]());
    });
  }
}

export interface ConnectOptions {
  readonly dialer: Dialer;
  /** Dials after the first, when one has failed. */
  readonly retries: number;
}

/** Dials first and accepts second: a failed dial becomes a refusal, not a connection that opens and dies. */
export async function connectTcp(
  flow: TcpFlow,
  handshake: Handshake,
  { dialer, retries }: ConnectOptions,
): Promise<Outcome> {
  const early = handshake.isEager() ? await flow.accept() : undefined;
  await using upstream = await retry(flow, retries, async (left) => {
    const upstream = await dialer.dialStream(flow);
    try {
      await handshake.mayAccept(flow, upstream, left);
      return upstream;
    } catch (error) {
      await upstream[Symbol.asyncDispose]();
      throw error;
    }
  });
  await using local = early ?? await flow.accept();
  await Promise.race([
    splice(local, upstream, flow.traffic),
    aborted(flow.signal),
  ]);
  return { via: viaOf(flow) };
}

/** A session needs no answer: the first datagram goes out as soon as there is a way. */
export async function connectUdp(
  flow: UdpFlow,
  { dialer, retries }: ConnectOptions,
): Promise<Outcome> {
  await using upstream = await retry(
    flow,
    retries,
    () => dialer.dialDatagram(flow),
  );
  await using local = await flow.accept();
  upstream.deliver((payload, from) => {
    flow.traffic.received += payload.length;
    local.send(payload, from);
  });
  local.deliver((payload, to) => {
    flow.traffic.sent += payload.length;
    upstream.send(payload, to);
  });
  await Promise.race([upstream.closed, local.closed, aborted(flow.signal)]);
  return { via: viaOf(flow) };
}

/** What is asked for: an address that has answered says nothing of the names that are said to be there. */
function destinationOf({ dst, name }: TcpFlow): string {
  return formatEndpoint({ host: name ?? dst.host, port: dst.port });
}

/** The way that a flow has taken: the last step of its trace. */
function viaOf({ trace }: TcpFlow | UdpFlow): string {
  return trace.at(-1)?.what ?? "";
}
