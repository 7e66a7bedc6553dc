import type { Clock } from "../base/clock.ts";
import { describe, DialError, TruncatedError } from "../base/errors.ts";
import type { Fields, Log } from "../base/log.ts";
import { type Flow, formatEndpoint, type Rejection } from "../flow/flow.ts";
import type { Handler } from "../flow/handler.ts";

export interface OpenedFlow {
  readonly id: number;
  /** Ends the flow. */
  readonly controller: AbortController;
}

interface Running {
  readonly controller: AbortController;
  readonly owner: object | undefined;
}

export interface FlowsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** A flow has come or gone. */
  readonly onChange?: () => void;
}

/** The flows of all services, from their first packet to their line in the log. */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #running = new Map<number, Running>();
  #lastId = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  /** To be followed by `run` with the flow that is made of it. `owner` is the service that it has come in by. */
  open(owner?: object): OpenedFlow {
    const id = ++this.#lastId;
    const controller = new AbortController();
    this.#running.set(id, { controller, owner });
    this.#options.onChange?.();
    return { id, controller };
  }

  /** The root of a flow: what its failure means for the application is decided here. */
  async run(flow: Flow, handler: Handler): Promise<void> {
    const { clock, log } = this.#options;
    const start = clock.now();
    try {
      const { via } = await handler(flow);
      log.info("flow.close", this.#line(flow, start, { via, reason: "end" }));
    } catch (error) {
      // Before the rejection, which may abort the flow itself.
      const expected = isExpected(flow, error);
      flow.reject(rejectionFor(error));
      const via = flow.trace.at(-1)?.what;
      const reason = describe(error);
      // A peer that goes away is everyday life, and what a way is not made for; a way that does not work is not.
      const fields = this.#line(flow, start, { via, reason });
      if (expected) log.info("flow.close", fields);
      else if (error instanceof DialError) log.warn("flow.close", fields);
      else log.error("flow.close", fields);
    } finally {
      this.abort(flow.id, new Error("The flow is over"));
      this.#running.delete(flow.id);
      this.#options.onChange?.();
      if (this.#running.size === 0) this.#onIdle?.();
    }
  }

  /** Ends a flow that is still there. */
  abort(id: number, reason: Error): void {
    this.#running.get(id)?.controller.abort(reason);
  }

  count(): number {
    return this.#running.size;
  }

  /** Resolves when no flow is left. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle = resolve);
  }

  /** Ends those that are left, or those of them that have come in by `owner`. */
  abortAll(reason: Error, owner?: object): void {
    for (const running of this.#running.values()) {
      if (owner !== undefined && running.owner !== owner) continue;
      running.controller.abort(reason);
    }
  }

  #line(
    { id, protocol, src, dst, traffic, trace }: Flow,
    start: number,
    outcome: { readonly via: string | undefined; readonly reason: string },
  ): Fields {
    return {
      id,
      protocol,
      src: formatEndpoint(src),
      dst: formatEndpoint(dst),
      // The flow that was derived with a name is further down; the trace is the same.
      name: trace.findLast(({ name }) => name !== undefined)?.name,
      via: outcome.via,
      why: reasonsIn(trace, { minor: this.#options.log.enabled("debug") }),
      reason: outcome.reason,
      sent: traffic.sent,
      received: traffic.received,
      ms: Math.round(this.#options.clock.now() - start),
    };
  }
}

/**
 * What each decision on the way went by: "direct (10.0.0.1 matches 10.0.0.0/8, config.yaml:31:7)". Undefined where nothing was
 * to be decided.
 */
function reasonsIn(
  trace: Flow["trace"],
  { minor: all }: { readonly minor: boolean },
): string | undefined {
  const reasons = trace
    .filter(({ because, minor }) => because !== undefined && (all || !minor))
    .map(({ what, because }) => `${what} (${because})`);
  return reasons.length === 0 ? undefined : reasons.join("; ");
}

/** A node that cannot be reached says nothing about the target: the application learns that there is no way to it. */
function rejectionFor(error: unknown): Rejection {
  if (!(error instanceof DialError)) return "unreachable";
  // ICMP's port unreachable: applications try by TCP then.
  if (error.kind === "streams-only") return "refused";
  if (error.node !== undefined) return "unreachable";
  switch (error.kind) {
    case "refused":
      return "refused";
    case "timeout":
      return "silent";
    case "forbidden":
      return "prohibited";
    case "unreachable":
    case "auth":
    case "unsupported":
    case "broken":
      return "unreachable";
    default:
      throw new Error(`Unreachable kind: ${error.kind satisfies never}`);
  }
}

function isExpected({ signal }: Flow, error: unknown): boolean {
  if (error instanceof DialError) {
    return error.isDecision || error.kind === "streams-only";
  }
  return error instanceof TruncatedError || signal.aborted;
}
