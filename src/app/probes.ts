import type { Millis } from "../base/clock.ts";
import { describe } from "../base/errors.ts";
import type { ProbeConfig } from "../config/chain_schema.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Endpoint } from "../flow/flow.ts";
import type { Health } from "../outbound/health.ts";
import { Probe } from "../outbound/probe.ts";
import type { Context } from "./context.ts";
import { randomOf } from "./random.ts";

export interface ProbeParts {
  readonly name: string;
  readonly health: Health;
  /** The way through what is probed. */
  readonly dialer: (address: Endpoint) => Dialer;
}

/** Probes as long as the services run; undefined where nothing is configured. */
export function buildProbe(
  config: ProbeConfig | undefined,
  { name, health, dialer }: ProbeParts,
  context: Context,
): Probe | undefined {
  if (config === undefined) return undefined;
  const { host, port, interval, timeout, http } = config;
  const { clock, log, upkeep } = context;
  const probe = new Probe({
    address: { host, port },
    interval,
    timeout,
    ...(http === undefined ? {} : {
      http: {
        ...http,
        headers: http.headers.map(({ name, value }) =>
          [name, value.reveal()] as const
        ),
      },
    }),
    dialer: () => dialer({ host, port }),
    health: {
      succeed: () => health.succeed(),
      fail(error) {
        log.info("probe.fail", { node: name, reason: describe(error) });
        health.fail(error);
      },
    },
    clock,
    random: randomOf(context),
  });
  upkeep.add(() => {
    const end = new AbortController();
    const part = upkeep.part();
    part.repeat(0, (): Promise<Millis> => probe.run(end.signal));
    return {
      [Symbol.dispose]() {
        end.abort(new Error("The services end"));
        upkeep.remove(part);
      },
    };
  });
  return probe;
}
