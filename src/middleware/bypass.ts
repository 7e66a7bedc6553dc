import type { Middleware } from "../flow/handler.ts";
import { type BypassGroup, candidatesOf } from "../rules/bypass.ts";

export interface BypassOptions {
  /** What the trace calls it. */
  readonly name: string;
  readonly decide: BypassGroup;
}

/** GOST's bypass of a service: what it hits is turned down. */
export function bypass({ name, decide }: BypassOptions): Middleware {
  return async function bypass(flow, next) {
    const verdict = decide(
      flow.network ?? flow.protocol,
      candidatesOf(flow),
    );
    if (!verdict.bypassed) return await next(flow);
    const { because } = verdict;
    flow.trace.push({ by: name, what: "rejected", because });
    flow.reject("prohibited");
    return { via: "rejected" };
  };
}
