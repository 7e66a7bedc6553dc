import type { Flow } from "./flow.ts";

/** What a finished flow reports back up the pipeline. */
export interface Outcome {
  /** The way it took, like "node-0 > example.com:443" or "direct". */
  readonly via: string;
}

export type Handler = (flow: Flow) => Promise<Outcome>;
export type Middleware = (flow: Flow, next: Handler) => Promise<Outcome>;

/** Folds once, at start-up. Calling `next` again is legal: that is how `fallback` tries another way. */
export function compose(all: readonly Middleware[], last: Handler): Handler {
  return all.reduceRight<Handler>(
    (next, run) => (flow) => run(flow, next),
    last,
  );
}
