import { DialError, type Position } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Health } from "./health.ts";
import type { OnLeftOut, Route, Router } from "./route.ts";
import type { Choice, Select } from "./select.ts";
import { isStreamsOnly } from "./streams_only.ts";

/** A chain among others. */
export interface GroupEntry extends Choice {
  readonly health: Pick<Health, "isFailed" | "fail" | "succeed">;
  readonly router: Router;
}

export interface GroupOptions {
  readonly name: string;
  readonly at: Position;
  /** At least one. */
  readonly entries: readonly GroupEntry[];
  readonly select: Select<GroupEntry>;
  /** For flows that no chain is for, unless the group is strict. */
  readonly direct: Route;
  readonly strict: boolean;
  readonly onLeftOut: OnLeftOut;
}

/** Chains of which each flow takes one; one whose nodes cannot be reached has failed. GOST's chain group, as documented. */
export function group(options: GroupOptions): Router {
  const { name: by, entries, select, direct, strict, onLeftOut } = options;
  return {
    decide(network, target) {
      const { chosen: [entry], because } = select(network, target);
      if (entry === undefined) {
        const what = strict ? "rejected" : "direct";
        target.trace.push({ by, what, because });
        if (strict) return undefined;
        onLeftOut(options, because);
        return direct;
      }
      if (entries.length > 1) {
        target.trace.push({ by, what: entry.name, because });
      }
      const route = entry.router.decide(network, target);
      return route && watched(route, entry);
    },
    needsName: (network, target) =>
      entries.some(({ rule, router }) =>
        rule !== undefined || router.needsName(network, target)
      ),
    // Of several only the dial itself takes one.
    prepare(network, target) {
      const [only, ...more] = entries;
      if (more.length === 0) only?.router.prepare(network, target);
    },
  };
}

/** A route whose dials say how the chain fares. One that goes straight out says nothing of it. */
function watched(route: Route, { identity, health }: GroupEntry): Route {
  if (route.nodes.length === 0) return { ...route, chain: identity };
  const watch = async <T>(dial: Promise<T>): Promise<T> => {
    try {
      const result = await dial;
      health.succeed();
      return result;
    } catch (error) {
      const isNodes = error instanceof DialError && error.node !== undefined &&
        !isStreamsOnly(error);
      if (isNodes) health.fail(error);
      throw error;
    }
  };
  const { dialer } = route;
  const watching: Dialer = {
    ...dialer,
    dialStream: (target) => watch(dialer.dialStream(target)),
    dialDatagram: (target) => watch(dialer.dialDatagram(target)),
  };
  return { ...route, dialer: watching, chain: identity };
}
