import { networkOf, type Target } from "../flow/flow.ts";
import type { Middleware } from "../flow/handler.ts";
import {
  type BypassGroup,
  type Candidate,
  candidatesOf,
} from "../rules/bypass.ts";

/** GOST compares a sniffed name with the port that its protocol or its Host says, whatever the destination's is. */
function serviceCandidatesOf(flow: Target): readonly Candidate[] {
  const { dst, name, namePort = dst.port } = flow;
  const all = candidatesOf(flow);
  return name === undefined || namePort === dst.port
    ? all
    : [...all, { host: name, port: namePort }];
}

export interface BypassOptions {
  /** What the trace calls it. */
  readonly name: string;
  readonly decide: BypassGroup;
}

/** GOST's bypass of a service: what it hits is turned down. */
export function bypass({ name, decide }: BypassOptions): Middleware {
  return async function bypass(flow, next) {
    const verdict = decide(networkOf(flow), serviceCandidatesOf(flow));
    const { because } = verdict;
    if (!verdict.bypassed) {
      flow.trace.push({ by: name, what: "let through", because, minor: true });
      return await next(flow);
    }
    flow.trace.push({ by: name, what: "rejected", because });
    flow.reject("prohibited");
    return { via: "rejected" };
  };
}
