import type { Endpoint, Target } from "../flow/flow.ts";

/** What a node that resolves names itself is asked for. */
export function endpointFor({ dst, name, address }: Target): Endpoint {
  return { host: address ?? name ?? dst.host, port: dst.port };
}
