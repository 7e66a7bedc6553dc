import type { Millis } from "../base/clock.ts";
import { egressFromHere, NO_EGRESS } from "../config/decode/egress.ts";
import { NO_NAMES } from "../config/decode/names.ts";
import type { Context } from "./context.ts";
import { Names, type NamesParts } from "./names.ts";
import { buildDirect } from "./node.ts";
import { buildOutbound } from "./outbound.ts";
import { randomId } from "./resolvers.ts";

/** For a dial on behalf of a question, which has a bound of its own. */
const DIAL_TIMEOUT: Millis = 15_000;

/** What hosts and resolvers need of the rest of the program. `context`: that of which they become a part, because chains of nameservers may ask for names themselves. */
export function buildNames(
  { random, ...parts }: NamesParts & Pick<Context, "random">,
  context: () => Context,
): Names {
  return new Names({
    ...parts,
    random: randomId(random),
    direct: (egress) =>
      buildDirect(
        "nameserver",
        egressFromHere(egress),
        DIAL_TIMEOUT,
        context(),
      ),
    async through(chain) {
      const { dialer } = await buildOutbound({
        chain,
        group: undefined,
        bypasses: [],
        names: NO_NAMES,
        egress: NO_EGRESS,
        dialTimeout: DIAL_TIMEOUT,
        retries: 0,
        strict: false,
      }, context());
      return dialer;
    },
  });
}
