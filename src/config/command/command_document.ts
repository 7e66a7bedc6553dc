import type { Position } from "../../base/errors.ts";
import type { Problems } from "../problems.ts";
import { type Mapping, mapping, scalar, sequence } from "../tree/node.ts";
import { Definitions } from "./definitions.ts";
import { hopOfUrl } from "./node_url.ts";
import type { Command } from "./options.ts";
import { expandPorts, serviceOfUrl } from "./service_url.ts";
import { parseUrl } from "./url.ts";

/** What GOST makes of -L and -F: services, all with one chain of the hops. */
export function commandDocument(
  { L, F }: Pick<Command, "L" | "F">,
  problems: Problems,
): Mapping {
  const definitions = new Definitions();
  const hops: Mapping[] = [];
  for (const [i, text] of F.entries()) {
    const at = positionOf("-F", i, F.length);
    const url = parseUrl(text, at, problems);
    if (url === undefined) continue;
    hops.push(hopOfUrl(url, `hop-${i}`, { at, definitions, problems }));
  }
  const chain = F.length === 0 ? undefined : "chain-0";

  const services: Mapping[] = [];
  for (const [i, text] of L.entries()) {
    const at = positionOf("-L", i, L.length);
    const url = parseUrl(text, at, problems);
    if (url === undefined) continue;
    for (const addr of expandPorts(url.host)) {
      const name = `service-${services.length}`;
      const argument = { at, definitions, problems };
      services.push(serviceOfUrl(url, { name, addr, chain }, argument));
    }
  }
  const at = positionOf("-L", 0, 1);
  return mapping({
    services: sequence(services, at),
    chains: chain === undefined ? undefined : sequence([
      mapping({
        name: scalar(chain, hops[0]?.at ?? at),
        hops: sequence(hops, at),
      }, hops[0]?.at ?? at),
    ], at),
    ...definitions.lists(at),
  }, at);
}

/** "-L", or "-L #2" where there are several. */
function positionOf(option: string, index: number, count: number): Position {
  const file = count > 1 ? `${option} #${index + 1}` : option;
  return { file, line: 0, column: 0 };
}
