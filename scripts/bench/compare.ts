/** One bench, and how long it took at least, in ns: what others do to the machine is in all the other figures. */
export interface Bench {
  readonly name: string;
  readonly min: number;
}

/** Beyond it a bench has become slower; what lies below is the weather. */
const TOLERANCE = 1.3;

/** The benches of `deno bench --json`. */
export function readReport(json: string): Bench[] {
  const report: Report = JSON.parse(json);
  return report.benches.flatMap(({ name, results }) => {
    const min = results[0]?.ok?.min;
    return min === undefined ? [] : [{ name, min: Math.round(min) }];
  });
}

interface Report {
  readonly benches: readonly {
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly min: number } }[];
  }[];
}

export interface Comparison {
  readonly lines: readonly string[];
  readonly slower: number;
}

/**
 * What has become of `before`. Another machine, or a busy one, is slower in everything: each bench is held against the median
 * of all, so that only what has become slower than the rest counts.
 */
export function compare(
  before: readonly Bench[],
  after: readonly Bench[],
): Comparison {
  const times = new Map(after.map(({ name, min }) => [name, min]));
  const ratios = before.flatMap(({ name, min }) => {
    const now = times.get(name);
    return now === undefined ? [] : [{ name, ratio: now / min }];
  });
  const machine = median(ratios.map(({ ratio }) => ratio));
  const lines = [`all, the machine's own: × ${machine.toFixed(2)}`];
  let slower = 0;
  for (const { name, ratio } of ratios) {
    const own = ratio / machine;
    const isSlower = own > TOLERANCE;
    if (isSlower) slower++;
    lines.push(`${isSlower ? "SLOWER " : ""}× ${own.toFixed(2)}  ${name}`);
  }
  for (const { name } of before) {
    if (!times.has(name)) lines.push(`gone: ${name}`);
  }
  const known = new Set(before.map(({ name }) => name));
  for (const { name } of after) {
    if (!known.has(name)) lines.push(`new: ${name} (--update takes it in)`);
  }
  return { lines, slower };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 1;
}
