import type { Clock } from "../base/clock.ts";
import { FakeAddresses } from "../names/fake_addresses.ts";
import { formatPrefix } from "../wire/address.ts";
import type { Context } from "./context.ts";

/** One pool for the same prefixes, whoever asks. */
export function fakePools(clock: Clock): Context["fakes"] {
  const pools = new Map<string, FakeAddresses>();
  return (prefixes) => {
    const key = prefixes.map(formatPrefix).join();
    const pool = pools.get(key) ?? new FakeAddresses(prefixes, clock);
    pools.set(key, pool);
    return pool;
  };
}
