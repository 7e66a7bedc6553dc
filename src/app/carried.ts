import type { Flow, Target } from "../flow/flow.ts";
import type { Handler, Outcome } from "../flow/handler.ts";
import type { Route, RouteNode } from "../outbound/route.ts";
import type { Flows } from "./flows.ts";
import type { Pipeline } from "./pipeline.ts";
import { nobody, SILENT_CHANNEL, streamSaying } from "./silent_application.ts";

interface Entry {
  readonly flow: Flow;
  /** What was asked for last, and the way that it took. */
  taken?: { readonly target: Target; readonly route: Route };
}

/** The flows of a service that have been handed to a dialer, and the way that each has taken. They outlive the pipeline that has carried them so far. */
export class Carried {
  readonly #flows = new Map<Target["trace"], Entry>();
  /** Carries those that come to the end of an older pipeline's middleware. */
  successor: Handler | undefined;

  /** To be told of each choice of a way. */
  note(target: Target, route: Route): void {
    const entry = this.#flows.get(target.trace);
    if (entry !== undefined) entry.taken = { target, route };
  }

  async during(flow: Flow, carry: Handler): Promise<Outcome> {
    this.#flows.set(flow.trace, { flow });
    try {
      return await carry(flow);
    } finally {
      this.#flows.delete(flow.trace);
    }
  }

  /**
   * Has `pipeline` carry whatever comes from now on. The flows that it would send another way end, or finish. Resolves to how
   * many have been ended.
   */
  async moveTo(
    pipeline: Pipeline,
    { flows, onReload }: {
      readonly flows: Flows;
      readonly onReload: "end" | "finish";
    },
  ): Promise<number> {
    this.successor = pipeline.carry;
    if (onReload === "finish") return 0;
    const changed = await this.changedBy(pipeline);
    const reason = new Error("Its way is another one since the reload");
    for (const id of changed) flows.abort(id, reason);
    return changed.length;
  }

  /** The numbers of the flows that would not take their way any more. One that has not chosen yet takes whatever there is. */
  async changedBy(
    { rehearseKnown }: Pick<Pipeline, "rehearseKnown">,
  ): Promise<readonly number[]> {
    const changed: number[] = [];
    for (const { flow, taken } of [...this.#flows.values()]) {
      if (taken === undefined) continue;
      const { route } = await rehearseKnown(again(flow, taken));
      if (route?.identity !== taken.route.identity) changed.push(flow.id);
    }
    return changed;
  }
}

function identityOf({ identity }: RouteNode): string {
  return identity;
}

/** The flow as if it came only now, with all that is known of it. */
function again(flow: Flow, { target, route }: Entry["taken"] & object): Flow {
  const { src, dst, name, called, namePort, addresses } = target;
  const known = {
    id: flow.id,
    src,
    dst,
    keep: new Set([route.chain ?? "", ...route.nodes.map(identityOf)]),
    ...nobody(),
    ...(name === undefined ? {} : { name }),
    ...(called === undefined ? {} : { called }),
    ...(namePort === undefined ? {} : { namePort }),
    ...(addresses === undefined ? {} : { addresses }),
  };
  return flow.protocol === "tcp"
    ? {
      ...known,
      protocol: "tcp",
      accept: () => Promise.resolve(streamSaying(new Uint8Array(0))),
    }
    : {
      ...known,
      protocol: "udp",
      first: new Uint8Array(0),
      accept: () => Promise.resolve(SILENT_CHANNEL),
    };
}
