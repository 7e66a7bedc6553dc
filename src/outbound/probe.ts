import type { Clock, Millis } from "../base/clock.ts";
import { DialError, ProtocolError, TruncatedError } from "../base/errors.ts";
import { aborted, withDeadline } from "../flow/deadline.ts";
import type { Dialer, Upstream } from "../flow/dialer.ts";
import { type Endpoint, formatEndpoint, ownTarget } from "../flow/flow.ts";
import { readMessage } from "../flow/read_message.ts";
import {
  encodeHead,
  httpHeadReader,
  parseStatusLine,
} from "../proto/http_head.ts";
import type { Health } from "./health.ts";

export interface ProbeOptions {
  readonly address: Endpoint;
  /** Between two probes; the time in between varies by a tenth, so that nodes are not all probed at once. */
  readonly interval: Millis;
  /** For all of it. */
  readonly timeout: Millis;
  /** What is asked for on the connection; without it the connection is enough. */
  readonly http?: HttpProbe;
  /** The way through the node. */
  readonly dialer: () => Dialer;
  readonly health: Pick<Health, "fail" | "succeed">;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface HttpProbe {
  readonly path: string;
  readonly host: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Any other one is a failure. */
  readonly status: number;
}

/**
 * Sees now and then how a node fares, by a connection through it to an address. GOST's `probe` as it is documented. One that
 * no flow has wanted since the last time is left alone.
 */
export class Probe {
  readonly #options: ProbeOptions;
  #wanted = true;
  #latency: Millis | "failed" | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** Of the last probe; undefined before the first. */
  latency(): Millis | "failed" | undefined {
    return this.#latency;
  }

  /** A flow might take the node, were it well. */
  want(): void {
    this.#wanted = true;
  }

  /** Resolves to when it is to be run again. */
  async run(signal: AbortSignal): Promise<Millis> {
    const { interval, random } = this.#options;
    if (this.#wanted) await this.#probe(signal);
    this.#wanted = false;
    return interval * (0.95 + 0.1 * random());
  }

  async #probe(signal: AbortSignal): Promise<void> {
    const { address, timeout, health, clock } = this.#options;
    const start = clock.now();
    const what = `Probing ${formatEndpoint(address)}`;
    try {
      await withDeadline(
        { clock, timeout, signal, what },
        (signal) => this.#connect(signal),
      );
      this.#latency = clock.now() - start;
      health.succeed();
    } catch (error) {
      if (signal.aborted) return;
      if (!isExpected(error)) throw error;
      this.#latency = "failed";
      health.fail(error);
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { address, dialer, http } = this.#options;
    const target = ownTarget(address, signal);
    await using upstream = await dialer().dialStream(target);
    signal.addEventListener("abort", () => upstream.abort(signal.reason));
    if (http === undefined) await this.#answer(upstream, signal);
    else await ask(upstream, http);
  }

  /** As long as an answer is worth waiting for: a node that answers only with the target's octets has none for us. */
  async #answer(upstream: Upstream, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { answered, patience } = upstream;
    if (patience === Infinity) return await answered;
    const late = Promise.withResolvers<void>();
    using _timer = clock.callAt(clock.now() + patience, late.resolve);
    await Promise.race([answered, late.promise, aborted(signal)]);
  }
}

async function ask(
  upstream: Upstream,
  { path, host, headers, status }: HttpProbe,
): Promise<void> {
  await upstream.write(encodeHead([
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
  ]));
  const { value } = await readMessage(upstream, httpHeadReader());
  const answer = parseStatusLine(value.startLine)?.status;
  if (answer === status) return;
  const message = `The probe's target answered ${answer}, not ${status}`;
  throw new DialError("broken", message);
}

function isExpected(error: unknown): boolean {
  return error instanceof DialError || error instanceof TruncatedError ||
    error instanceof ProtocolError;
}
