import type { Address, Prefix } from "../wire/address.ts";

/** Ranges of addresses, collected column by column because a list may have a million of them. */
export interface AddressRanges {
  readonly ipv4: Columns;
  readonly ipv6: Columns;
}

interface Columns {
  /** Of 32 bits, in an address. */
  readonly words: 1 | 4;
  readonly first: number[];
  readonly last: number[];
  readonly label: number[];
}

/** Finds the innermost range that holds an address: among prefixes, the longest match. */
export interface AddressTable {
  readonly ipv4: Stretches;
  readonly ipv6: Stretches;
}

/** Sorted and without gaps: each ends before the next one starts. */
interface Stretches {
  readonly words: 1 | 4;
  readonly starts: Uint32Array;
  /** -1 where no range holds the stretch. */
  readonly labels: Int32Array;
}

export function createAddressRanges(): AddressRanges {
  return {
    ipv4: { words: 1, first: [], last: [], label: [] },
    ipv6: { words: 4, first: [], last: [], label: [] },
  };
}

/** `first` and `last` belong to the range, are of one family and in order. Among equal ranges the lowest label wins. */
export function addRange(
  ranges: AddressRanges,
  first: Address,
  last: Address,
  label: number,
): void {
  const columns = first.length === 4 ? ranges.ipv4 : ranges.ipv6;
  for (let word = 0; word < columns.words; word++) {
    columns.first.push(wordOf(first, word));
    columns.last.push(wordOf(last, word));
  }
  columns.label.push(label);
}

/** Its host bits do not matter. */
export function addPrefix(
  ranges: AddressRanges,
  { address, length }: Prefix,
  label: number,
): void {
  const columns = address.length === 4 ? ranges.ipv4 : ranges.ipv6;
  for (let word = 0; word < columns.words; word++) {
    const bits = Math.min(Math.max(length - word * 32, 0), 32);
    const hostMask = bits === 32 ? 0 : 0xffff_ffff >>> bits;
    columns.first.push((wordOf(address, word) & ~hostMask) >>> 0);
    columns.last.push((wordOf(address, word) | hostMask) >>> 0);
  }
  columns.label.push(label);
}

export function createAddressTable(ranges: AddressRanges): AddressTable {
  return { ipv4: cut(ranges.ipv4), ipv6: cut(ranges.ipv6) };
}

/** The label of the innermost range that holds `address`, -1 where none does. */
export function findAddress(table: AddressTable, address: Address): number {
  const stretches = address.length === 4 ? table.ipv4 : table.ipv6;
  let low = 0;
  let high = stretches.labels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startsAfter(stretches, middle, address)) high = middle;
    else low = middle + 1;
  }
  return stretches.labels[low - 1] ?? -1;
}

/** Cuts ranges that may overlap into stretches that do not, so that a look-up is one binary search. */
function cut({ words, first, last, label }: Columns): Stretches {
  const starts: number[] = [];
  const labels: number[] = [];
  /** Ranges that hold the place reached so far; the innermost is on top. */
  const open: number[] = [];

  function begin(start: readonly number[], range: number | undefined): void {
    const name = range === undefined ? -1 : label[range] ?? -1;
    const previous = labels.length - 1;
    if (previous >= 0 && compare(starts, previous, start, 0, words) === 0) {
      labels[previous] = name;
    } else {
      starts.push(...start);
      labels.push(name);
    }
  }

  function closeInnermost(): void {
    const closed = open.pop() ?? 0;
    let outer = open.at(-1);
    while (
      outer !== undefined && compare(last, outer, last, closed, words) <= 0
    ) {
      open.pop();
      outer = open.at(-1);
    }
    const next = successor(last, closed, words);
    if (next !== undefined) begin(next, outer);
  }

  for (const range of outermostFirst({ words, first, last, label })) {
    let top = open.at(-1);
    while (top !== undefined && compare(last, top, first, range, words) < 0) {
      closeInnermost();
      top = open.at(-1);
    }
    begin(first.slice(range * words, (range + 1) * words), range);
    open.push(range);
  }
  while (open.length > 0) closeInnermost();
  return {
    words,
    starts: Uint32Array.from(starts),
    labels: Int32Array.from(labels),
  };
}

/** Ranges by their starts; of one start the longest first, of equal ones the highest label first, so that the lowest is on top. */
function outermostFirst({ words, first, last, label }: Columns): Uint32Array {
  const count = label.length;
  let order = Uint32Array.from({ length: count }, (_, i) => count - 1 - i);
  let spare = new Uint32Array(count);
  const sortBy = (column: readonly number[], word: number, flip: number) => {
    for (const shift of [0, 16]) {
      const digit = (range: number): number =>
        (((column[range * words + word] ?? 0) ^ flip) >>> shift) & 0xffff;
      if (!sortByDigit(order, digit, spare)) continue;
      [order, spare] = [spare, order];
    }
  };
  for (let word = words - 1; word >= 0; word--) sortBy(last, word, ~0);
  for (let word = words - 1; word >= 0; word--) sortBy(first, word, 0);
  return order;
}

/** One pass of a radix sort, which takes a tenth of the time of one that compares. False when all digits are the same. */
function sortByDigit(
  order: Uint32Array,
  digit: (range: number) => number,
  into: Uint32Array,
): boolean {
  const places = new Uint32Array(0x1_0001);
  for (const range of order) {
    places[digit(range) + 1] = (places[digit(range) + 1] ?? 0) + 1;
  }
  if (places.includes(order.length)) return false;
  for (let i = 1; i < places.length; i++) {
    places[i] = (places[i] ?? 0) + (places[i - 1] ?? 0);
  }
  for (const range of order) {
    const place = places[digit(range)] ?? 0;
    into[place] = range;
    places[digit(range)] = place + 1;
  }
  return true;
}

function startsAfter(
  { words, starts }: Stretches,
  index: number,
  address: Address,
): boolean {
  for (let word = 0; word < words; word++) {
    const start = starts[index * words + word] ?? 0;
    const wanted = wordOf(address, word);
    if (start !== wanted) return start > wanted;
  }
  return false;
}

function wordOf(address: Address, word: number): number {
  const at = word * 4;
  return (((address[at] ?? 0) << 24) | ((address[at + 1] ?? 0) << 16) |
    ((address[at + 2] ?? 0) << 8) | (address[at + 3] ?? 0)) >>> 0;
}

/** Compares entry `i` of column `a` with entry `j` of column `b`. */
function compare(
  a: readonly number[],
  i: number,
  b: readonly number[],
  j: number,
  words: number,
): number {
  for (let word = 0; word < words; word++) {
    const difference = (a[i * words + word] ?? 0) - (b[j * words + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The address behind entry `i`; undefined behind the last address of all. */
function successor(
  column: readonly number[],
  i: number,
  words: number,
): number[] | undefined {
  const next = column.slice(i * words, (i + 1) * words);
  for (let word = words - 1; word >= 0; word--) {
    const sum = (next[word] ?? 0) + 1;
    if (sum <= 0xffff_ffff) {
      next[word] = sum;
      return next;
    }
    next[word] = 0;
  }
  return undefined;
}
