import type { Endpoint, Target } from "../flow/flow.ts";

/** What a node that resolves names itself is asked for. */
export function endpointFor({ dst, name, addresses }: Target): Endpoint {
  return { host: addresses?.[0] ?? name ?? dst.host, port: dst.port };
}
