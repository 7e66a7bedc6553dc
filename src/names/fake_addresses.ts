import type { Clock, Millis } from "../base/clock.ts";
import {
  type Address,
  formatAddress,
  type Prefix,
  prefixContains,
} from "../wire/address.ts";

/** Names that have addresses at once. Some 10 MB. */
const MOST = 65_536;
/** Places that a name may take: the one that its hash says, or one of the next. */
const PLACES = 16;

interface Holder {
  readonly name: string;
  usedAt: Millis;
}

/**
 * Addresses that stand for names: one of each prefix for a name, and the same after a restart unless its place is taken. Where
 * all places of a name are taken, the one that has not been used for the longest time makes room.
 */
export class FakeAddresses {
  readonly #prefixes: readonly Prefix[];
  readonly #clock: Clock;
  readonly #size: number;
  readonly #holders = new Map<number, Holder>();
  readonly #places = new Map<string, number>();

  /** At most one prefix of each family, each of at least two addresses. */
  constructor(prefixes: readonly Prefix[], clock: Clock) {
    this.#prefixes = prefixes;
    this.#clock = clock;
    const bits = prefixes.map(({ address, length }) =>
      address.length * 8 - length
    );
    // Neither the first, which is the network's, nor the last, which is everybody's.
    this.#size = Math.min(MOST, 2 ** Math.min(...bits) - 2);
  }

  /** Those of `name`, one of each family. */
  of(name: string): readonly string[] {
    const place = this.#places.get(name) ?? this.#take(name);
    this.#touch(place);
    return this.#prefixes.map(({ address }) =>
      formatAddress(plus(address, place + 1))
    );
  }

  /** The name that was given this address; undefined where nobody was. For an address that is one of them. */
  nameOf(address: Address): string | undefined {
    const prefix = this.#prefixOf(address);
    if (prefix === undefined) return undefined;
    const place = minus(address, prefix.address) - 1;
    this.#touch(place);
    return this.#holders.get(place)?.name;
  }

  has(address: Address): boolean {
    return this.#prefixOf(address) !== undefined;
  }

  #prefixOf(address: Address): Prefix | undefined {
    return this.#prefixes.find((prefix) => prefixContains(prefix, address));
  }

  #take(name: string): number {
    const first = hash(name) % this.#size;
    const places = Math.min(PLACES, this.#size);
    let best = first;
    for (let i = 0; i < places; i++) {
      const place = (first + i) % this.#size;
      if (this.#usedAt(place) < this.#usedAt(best)) best = place;
    }
    const before = this.#holders.get(best);
    if (before !== undefined) this.#places.delete(before.name);
    this.#holders.set(best, { name, usedAt: this.#clock.now() });
    this.#places.set(name, best);
    return best;
  }

  #usedAt(place: number): Millis {
    return this.#holders.get(place)?.usedAt ?? -Infinity;
  }

  #touch(place: number): void {
    const holder = this.#holders.get(place);
    if (holder !== undefined) holder.usedAt = this.#clock.now();
  }
}

/** FNV-1a of 32 bits. */
function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** `count`: less than 2³². */
function plus(address: Address, count: number): Address {
  const sum = address.slice();
  let carry = count;
  for (let i = sum.length - 1; i >= 0 && carry > 0; i--) {
    carry += sum[i] ?? 0;
    sum[i] = carry & 0xff;
    carry = Math.floor(carry / 256);
  }
  return sum;
}

/** How much `address` is beyond `base`; Infinity where that is more than a pool has. */
function minus(address: Address, base: Address): number {
  let difference = 0;
  for (const [i, octet] of address.entries()) {
    difference = difference * 256 + octet - (base[i] ?? 0);
  }
  return difference;
}
