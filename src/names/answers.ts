import { BoundedMap } from "../base/bounded_map.ts";
import type { Clock, Millis } from "../base/clock.ts";
import { ProtocolError } from "../base/errors.ts";
import { parseDnsAnswer } from "../proto/dns.ts";

/** An answer is remembered for so long at least: applications go on using what they have been told. */
const LEAST: Millis = 60_000;
/** A week, the longest that RFC 8767 §4 thinks of. */
const MOST: Millis = 7 * 86_400_000;

/** Addresses that are remembered. Some 5 MB. */
const MOST_ADDRESSES = 16_384;

interface Said {
  readonly name: string;
  readonly until: Millis;
}

/** What nameservers have answered to clients: which name an address was the answer for. The latest answer counts. */
export class Answers {
  readonly #clock: Clock;
  /** By client and address, and by address for clients that have not asked themselves. */
  readonly #said = new BoundedMap<string, Said>(2 * MOST_ADDRESSES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of a response to `client`, if it is one. */
  hear(client: string, response: Uint8Array): void {
    const answer = parseDnsAnswer(response);
    if (answer instanceof ProtocolError) return;
    const { addresses, ttl, question: { name } } = answer;
    const valid = Math.min(MOST, Math.max(LEAST, ttl * 1000));
    const said = { name, until: this.#clock.now() + valid };
    for (const address of addresses) {
      this.#said.set(address, said);
      this.#said.set(`${client} ${address}`, said);
    }
  }

  /** What `client` calls an address, or else what anybody calls it: a machine asks by one family for addresses of the other. */
  nameOf(client: string, address: string): string | undefined {
    return this.#valid(`${client} ${address}`) ?? this.#valid(address);
  }

  #valid(key: string): string | undefined {
    const said = this.#said.get(key);
    if (said === undefined || this.#clock.now() >= said.until) return undefined;
    return said.name;
  }
}
