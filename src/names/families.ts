import type { Millis } from "../base/clock.ts";
import type { DnsAnswer } from "../proto/dns.ts";
import { ask, type AskOptions, type Nameserver } from "./nameserver.ts";

/** How long the other family is waited for once the preferred one has addresses. RFC 8305 §3. */
const RESOLUTION_DELAY: Millis = 50;

const LATE: PromiseRejectedResult = {
  status: "rejected",
  reason: new Error("The answer came too late"),
};

/**
 * Asks for all families of a nameserver at once. There are nameservers that say nothing about IPv6: nobody waits for those where
 * there is an address to go to.
 */
export async function askFamilies(
  nameserver: Nameserver,
  name: string,
  options: AskOptions,
): Promise<readonly PromiseSettledResult<DnsAnswer>[]> {
  const { clock } = options;
  const asked = nameserver.families.map((family) =>
    ask(nameserver, { name, family }, options)
  );
  const results = asked.map(() => LATE as PromiseSettledResult<DnsAnswer>);
  const enough = Promise.withResolvers<void>();
  let timer: Disposable | undefined;
  const note = (i: number, result: PromiseSettledResult<DnsAnswer>): void => {
    results[i] = result;
    if (!results.includes(LATE)) return enough.resolve();
    const found = result.status === "fulfilled" &&
      result.value.addresses.length > 0;
    if (i > 0 || !found) return;
    const at = clock.now() + RESOLUTION_DELAY;
    timer = clock.callAt(at, enough.resolve);
  };
  for (const [i, answer] of asked.entries()) {
    answer.then(
      (value) => note(i, { status: "fulfilled", value }),
      (reason) => note(i, { status: "rejected", reason }),
    );
  }
  await enough.promise;
  timer?.[Symbol.dispose]();
  return [...results];
}
