/** The sentence for a `what` that nobody knows; `otherwise` says what would do where no candidate has a similar name. */
export function unknown(
  what: string,
  name: string,
  candidates: Iterable<string>,
  otherwise: string,
): string {
  const near = nearest(name, candidates);
  const hint = near === undefined ? otherwise : `did you mean "${near}"?`;
  return `Unknown ${what} "${name}": ${hint}`;
}

/** The same for a key. What follows a colon is no part of a key, and may be a password. */
export function unknownKey(
  key: string,
  candidates: Iterable<string>,
  otherwise: string,
): string {
  const [name = "", rest] = key.split(":");
  return rest === undefined
    ? unknown("key", key, candidates, otherwise)
    : `Unknown key "${name}:": a colon needs a space behind it`;
}

/** The candidate that `word` is most likely a misspelling of; undefined when none is near. Case does not count. */
export function nearest(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong, and two of a short word.
  let bound = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const limit = Math.min(bound, candidate.length);
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < limit) {
      best = candidate;
      bound = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
        ? (beforePrevious[j - 2] ?? 0) + 1
        : Infinity;
      const moved = Math.min(previous[j] ?? 0, row[j - 1] ?? 0) + 1;
      row.push(Math.min(replaced, moved, swapped));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
